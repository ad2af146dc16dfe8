// SPDX-License-Identifier: GPL-2.0-only
//
// test_report.mjs RSTSCOPE OUT - the HTML report in a real browser: what it shows, how it is used, and
// that no text of others becomes anything but text. Prints "ok - ..." and "not ok - ...".

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { evidence, recorded } from './cases.mjs';

const [rstscope, out] = process.argv.slice(2);
const N = 10000;
let failed = 0;

function check(ok, what, got) {
  console.log((ok ? 'ok - ' : 'not ok - ') + what);
  if (ok) return;
  failed++;
  if (got !== undefined) console.log('# got ' + JSON.stringify(got));
}
const same = (got, want, what) => check(JSON.stringify(got) === JSON.stringify(want), what, got);

function report(name, lines) {
  writeFileSync(`${out}/${name}.ndjson`, lines);
  const start = performance.now();
  execFileSync(rstscope, ['report', '-r', `${out}/${name}.ndjson`, '-o', `${out}/${name}.html`, '--title', 'Incident 4711'], { stdio: ['ignore', 'ignore', 'inherit'] });
  return { url: `file://${out}/${name}.html`, ms: performance.now() - start };
}

async function load(browser, url, options) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
  const page = await context.newPage(), seen = { errors: [], requests: [], dialogs: [] };
  page.on('pageerror', e => seen.errors.push(e.message));
  page.on('console', m => { if (m.type() === 'error') seen.errors.push(m.text()); });
  page.on('request', r => { if (!r.url().startsWith('data:') && r.url() !== url) seen.requests.push(r.url()); });
  page.on('dialog', d => { seen.dialogs.push(d.message()); d.dismiss(); });
  const start = performance.now();
  await page.goto(url);
  await page.waitForSelector('body[data-ready]', { timeout: 60000 });
  return { page, context, seen, ms: performance.now() - start };
}

// Not page.waitForFunction(), which evaluates text: the report's policy forbids that.
async function until(page, condition, argument) {
  for (const end = performance.now() + 10000; !await page.evaluate(condition, argument);)
    if (performance.now() > end) throw new Error(`never: ${condition}`);
}

const shownIndex = page => page.locator('#case').getAttribute('data-index');
const span = page => page.locator('.diagram svg').evaluate(s => s.dataset.until - s.dataset.from);

// The address names the reset; it opens there, also where a filter hid it.
async function testLink(browser, page, url) {
  const index = await shownIndex(page), id = page.url().split('#')[1] || '';
  check(/^[0-9a-f]{32}(-\d+)?$/.test(id), 'the address names the reset', page.url());
  same(await page.locator('#case a.link').textContent(), id, 'so does the link in its text');
  const other = await load(browser, url + '#' + id, { permissions: ['clipboard-read', 'clipboard-write'] });
  same(await shownIndex(other.page), index, 'the address opens that reset');
  await other.page.locator('#case .copy').click();
  await until(other.page, () => document.querySelector('#case .copy').textContent === 'Copied');
  const copied = await other.page.evaluate(() => navigator.clipboard.readText());
  check(copied.includes('Id: ' + id) && copied.includes('Impact: '), 'what is copied has its id and impact', copied);
  await other.page.keyboard.press('/');
  await other.page.keyboard.type('nothing has this');
  await until(other.page, () => document.getElementById('count').textContent.startsWith('0 of'));
  await other.page.evaluate(hash => { location.hash = hash; }, '#0000');
  await other.page.evaluate(hash => { location.hash = hash; }, '#' + id);
  await until(other.page, () => !document.getElementById('count').textContent.includes(' of '));
  same(await shownIndex(other.page), index, 'a link to what a filter hides clears the filter');
  await other.context.close();
}

const listed = page => page.locator('#rows').evaluate(() => parseFloat(document.getElementById('space').style.height) / 28);

async function testIncidents(browser) {
  const cases = recorded(), n = 3 * cases.length, r = report('incidents', evidence(n)), { page, context, seen } = await load(browser, r.url);
  const text = await page.locator('#count').textContent(), folded = await listed(page);
  check(folded < n, 'many resets are shown by incident', folded);
  same(text, `${n} resets, ${folded} incidents`, 'the count says so');
  const size = async b => Number((await b.locator('span').nth(1).textContent()).replace(/,/g, ''));
  const largest = page.locator('#by-incident button').first(), most = await size(largest);
  check(most > 1, 'the largest incident comes first', most);
  await largest.click();
  same(await page.locator('#count').textContent(), `${most} of ${n} resets, 1 incident`, 'a click on an incident filters');
  same(await page.locator('.row.item .times').textContent(), '\u00d7' + most, 'its row says how many it has');
  await page.keyboard.press('i');
  same(await listed(page), most, 'i shows its resets');
  await page.locator('#row-1').click();
  await until(page, () => document.querySelector('#case .incident'));
  await page.locator('#case .incident a').click();
  await until(page, () => document.querySelector('.row.item[aria-selected=true]')?.id === 'row-0');
  check(true, 'a reset leads to the first of its incident');
  await page.keyboard.press('Escape');
  same(await listed(page), n, 'Escape shows all resets');
  await page.locator('#fold').click();
  same(await listed(page), folded, 'the box folds them again');
  await page.locator('.row.item:has(.times)').first().click();
  await page.locator('#case .incident button').click();
  check(/^\d+ of /.test(await page.locator('#count').textContent()) && await listed(page) > 1, 'an incident shows all that it has');
  await page.keyboard.press('Escape');
  const service = page.locator('#by-service button').first(), ofService = await size(service);
  await service.click();
  check((await page.locator('#count').textContent()).startsWith(`${ofService} of ${n} resets`), 'a click on a service filters');
  check(!await page.locator('#by-pod').isVisible(), 'without pods there is no chart of them');
  same(seen.errors, [], 'no script fails');
  await context.close();
}

async function testSmall(browser) {
  const cases = recorded(), r = report('small', evidence(cases.length)), { page, context, seen } = await load(browser, r.url);
  if (await page.locator('#fold').isChecked()) await page.keyboard.press('i');
  same(await page.title(), 'Incident 4711', 'the title is the one that was given');
  same(await page.locator('#count').textContent(), `${cases.length} resets`, 'all resets are counted');
  const dnat = cases.filter(c => c.cause === 'dnat-invalid').length;
  const bar = page.locator('#by-cause button', { hasText: 'dnat-invalid' });
  same(await bar.locator('span').nth(1).textContent(), String(dnat), 'the summary counts a cause right');
  await bar.click();
  same(await page.locator('#count').textContent(), `${dnat} of ${cases.length} resets`, 'a click on a cause filters');
  await page.keyboard.press('Escape');
  same(await page.locator('#count').textContent(), `${cases.length} resets`, 'Escape clears the filters');

  await page.keyboard.press('/');
  await page.keyboard.type('ehash-race-handshake');
  await until(page, () => document.getElementById('count').textContent.includes(' of '));
  await page.keyboard.press('Enter');
  await until(page, () => document.querySelector('#case .id')?.textContent === 'ehash-race-handshake');
  check(true, 'search, then Enter, opens the first that is found');
  check(await page.locator('.diagram svg .window').count() > 0, 'the hash window of a race is drawn');
  check((await page.locator('.diagram svg .lane-name').allTextContents()).filter(t => t.startsWith('CPU')).length >= 2, 'a race has a lane for each CPU');
  check(await page.locator('.diagram svg .packet.answered').count() > 0, 'what it answers is drawn');

  const before = await span(page);
  await page.keyboard.press('+');
  check(await span(page) < before, '+ zooms in');
  await page.keyboard.press('-');
  await page.keyboard.press('-');
  check(await span(page) > before, '- zooms out');
  await page.keyboard.press('0');
  const all = await span(page);
  check(await page.locator('.diagram svg .packet.rst').count() > 0, 'the RST is drawn');
  await page.locator('.diagram svg').hover();
  await page.mouse.wheel(0, -400);
  check(await span(page) < all, 'the wheel zooms');
  await page.keyboard.press('d');
  check(Math.abs(await span(page) - before) < 1e-6, 'd goes back to the decision');
  const from = await page.locator('.diagram svg').getAttribute('data-from');
  await page.keyboard.press(']');
  check(await page.locator('.diagram svg').getAttribute('data-from') !== from, '] moves on in time');

  await page.keyboard.press('Escape');
  const first = await shownIndex(page);
  await page.keyboard.press('j');
  await until(page, i => document.getElementById('case').dataset.index !== i, first);
  check(true, 'j goes to the next reset');
  await testLink(browser, page, r.url);
  await page.selectOption('#confidence', 'none');
  check((await page.locator('.row.item span:nth-child(2)').allTextContents()).every(t => t.endsWith('?')), 'the confidence filters');
  await page.locator('#clear').click();

  const chart = await page.locator('#chart svg').boundingBox();
  await page.mouse.move(chart.x + chart.width * .4, chart.y + 40);
  await page.mouse.down();
  await page.mouse.move(chart.x + chart.width * .6, chart.y + 40, { steps: 4 });
  await page.mouse.up();
  check(/ of /.test(await page.locator('#count').textContent()), 'dragging over the chart chooses a time');
  await page.keyboard.press('Escape');

  const theme = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor + getComputedStyle(document.documentElement).backgroundColor);
  const light = await theme();
  await page.keyboard.press('t');
  check(await theme() !== light, 't switches to dark');
  await page.keyboard.press('?');
  check(await page.locator('#keys').evaluate(d => d.open), '? explains the keys');
  await page.keyboard.press('Escape');
  await page.emulateMedia({ media: 'print' });
  check(await page.locator('#case').isVisible() && !await page.locator('#list').isVisible() && !await page.locator('#filters').isVisible(), 'on paper stand the summary and the open reset');
  await page.emulateMedia({ media: 'screen' });
  const unlabelled = await page.evaluate(() => [...document.querySelectorAll('button, input, select, svg[tabindex]')].filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || document.querySelector(`label[for="${e.id}"]`))).length);
  same(unlabelled, 0, 'everything that can be used has a name');
  same(seen.errors, [], 'no script fails');
  same(seen.requests, [], 'nothing is fetched');
  await context.close();
}

async function testHostile(browser) {
  const r = report('hostile', evidence(recorded().length, true)), { page, context, seen } = await load(browser, r.url, { colorScheme: 'dark' });
  same(await page.evaluate(() => document.documentElement.dataset.theme), 'dark', 'who prefers dark gets it');
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('j');
    await page.waitForTimeout(20);
  }
  same(await page.locator('img').count(), 0, 'markup of others makes no element');
  same(await page.locator('a:not(.link)').count(), 0, 'nor a link');
  check((await page.locator('body').textContent()).includes('<img src=x'), 'it stands there as text');
  check(!(await page.locator('body').textContent()).includes('\u202e'), 'what would turn the direction of text is shown by its number');
  same([seen.dialogs, seen.errors, seen.requests], [[], [], []], 'no dialog, no error, no request');
  await context.close();
}

async function testLarge(browser) {
  const r = report('large', evidence(N)), { page, context, seen, ms } = await load(browser, r.url);
  console.log(`# report of ${N} resets: ${(r.ms / 1000).toFixed(1)} s; opens in ${(ms / 1000).toFixed(2)} s`);
  check((await page.locator('#count').textContent()).startsWith(`${N.toLocaleString('en')} resets`), 'ten thousand resets are listed');
  if (await page.locator('#fold').isChecked()) await page.keyboard.press('i');
  check(await page.locator('.row.item').count() < 200, 'of which few are in the page at a time');
  await page.locator('#rows').evaluate(b => { b.scrollTop = b.scrollHeight; });
  await page.waitForSelector(`#row-${N - 1}`);
  await page.locator(`#row-${N - 1}`).click();
  await until(page, i => document.getElementById('case').dataset.index === String(i), N - 1);
  check(true, 'the last one opens');
  const start = performance.now();
  await page.fill('#search', 'linger-zero nginx');
  await until(page, () => document.getElementById('count').textContent.includes(' of '));
  console.log(`# search: ${(performance.now() - start).toFixed(0)} ms`);
  same(seen.errors, [], 'no script fails');
  await context.close();
}

async function testEmpty(browser) {
  writeFileSync(`${out}/none.ndjson`, evidence(1));
  execFileSync(rstscope, ['report', '-r', `${out}/none.ndjson`, '-o', `${out}/none.html`, '--until', '2000-01-01T00:00:00Z'], { stdio: 'ignore' });
  const { page, context, seen } = await load(browser, `file://${out}/none.html`);
  same(await page.locator('#count').textContent(), '0 resets', 'a report of no resets says so');
  same(seen.errors, [], 'and no script fails');
  await context.close();
}

async function testNarrow(browser) {
  const { page, context, seen } = await load(browser, `file://${out}/small.html`, { viewport: { width: 420, height: 800 } });
  check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'a narrow screen needs no sideways scrolling');
  same(seen.errors, [], 'nor does a script fail there');
  await context.close();
}

mkdirSync(out, { recursive: true });
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
if (!executablePath) {
  console.log('ok - the HTML report in a browser # SKIP no chromium');
  process.exit(0);
}
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  for (const test of [testSmall, testIncidents, testHostile, testLarge, testEmpty, testNarrow]) {
    try {
      await test(browser);
    } catch (e) {
      check(false, `${test.name} runs to its end`, e.message.split('\n')[0]);
    }
  }
} finally {
  await browser.close();
}
process.exit(failed ? 1 : 0);
