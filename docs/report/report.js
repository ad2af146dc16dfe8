'use strict';
(() => {
  const CHUNK = 100, ROW = 28, CACHED = 24;
  const byId = id => document.getElementById(id);
  const CONFIDENCES = ['none', 'possible', 'likely', 'certain'];

  /* --- data: base64 of gzip of JSON, unpacked when it is wanted --- */

  async function unpack(id) {
    const bytes = Uint8Array.from(atob(byId(id).textContent.trim()), c => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return JSON.parse(await new Response(stream).text());
  }

  const chunks = new Map();
  function caseAt(i) {
    const n = Math.floor(i / CHUNK);
    if (!chunks.has(n)) {
      if (chunks.size >= CACHED) chunks.delete(chunks.keys().next().value);
      chunks.set(n, unpack('chunk-' + n));
    }
    return chunks.get(n).then(list => list[i % CHUNK]);
  }

  /* --- elements: text is always text --- */

  function el(name, attributes, ...children) {
    const e = document.createElement(name);
    for (const [k, v] of Object.entries(attributes || {})) e.setAttribute(k, v);
    for (const c of children) if (c != null) e.append(c);
    return e;
  }
  function svg(name, attributes, text) {
    const e = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [k, v] of Object.entries(attributes || {})) e.setAttribute(k, v);
    if (text != null) e.textContent = text;
    return e;
  }
  /* Invisible and direction-changing characters of foreign text are shown by number. */
  const plain = s => String(s).replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
  const list = (lines, ordered) => {
    const l = el(ordered ? 'ol' : 'ul');
    for (const line of lines) l.append(line instanceof Node ? line : el('li', {}, plain(line)));
    return l;
  };
  const number = n => n.toLocaleString('en');

  /* Nanoseconds since 1970, exactly: more than a double holds. */
  function nanoseconds(ts) {
    return BigInt(Date.parse(ts.slice(0, 19) + 'Z')) * 1000000n + BigInt(ts.slice(20, 29));
  }
  function duration(us) {
    const a = Math.abs(us);
    if (a < 1000) return us.toFixed(a < 10 ? 1 : 0) + ' \u00b5s';
    if (a < 1e6) return (us / 1e3).toFixed(a < 1e4 ? 2 : 1) + ' ms';
    if (a < 12e7) return (us / 1e6).toFixed(a < 1e7 ? 2 : 1) + ' s';
    return (us / 6e7).toFixed(1) + ' min';
  }
  const clock = ms => new Date(ms).toISOString().replace('T', ' ').slice(0, 23);
  const end = (addr, port) => (addr.includes(':') ? '[' + addr + ']' : addr) + ':' + port;

  /* --- what is shown --- */

  const FOLD_FROM = 20; // resets: more are shown by incident, as in reports in text
  let oneDay, summary, rows, texts, links, incidents, shown = [], found = [], sizes = new Map(), at = -1, view = null;
  const filter = {};
  const cause = i => summary.causes[rows.cause[i]];
  const owner = i => summary.owners[rows.owner[i]];
  const peer = i => summary.peers[rows.peer[i]];
  const impact = i => rows.impact[i];
  const incident = i => summary.incidents[rows.incident[i]];
  const service = i => summary.services[rows.service[i]];
  const pod = i => summary.pods[rows.pod[i]];
  /* A bar chart, a filter and a chip each. */
  const KEYS = { impact, cause, owner, peer, incident, service, pod };
  /* The id of an incident says nothing: its first reset does. */
  const nameOf = (key, value) => key !== 'incident' || !incidents.has(value) ? value :
    cause(incidents.get(value)) + ' ' + service(incidents.get(value)) + ' ' + clock(rows.ms[incidents.get(value)]).slice(11, 19);
  const confidence = i => CONFIDENCES[rows.confidence[i]];

  function matches(i) {
    return (!filter.confidence || confidence(i) === filter.confidence) &&
      Object.keys(KEYS).every(k => !filter[k] || KEYS[k](i) === filter[k]) &&
      rows.ms[i] >= filter.from && rows.ms[i] < filter.until &&
      (!filter.text || filter.text.split(/\s+/).every(w => texts[i].includes(w)));
  }

  /* The first of each incident that the filters let through. */
  function foldedRows(all) {
    sizes = new Map();
    return all.filter(i => {
      sizes.set(incident(i), (sizes.get(incident(i)) || 0) + 1);
      return sizes.get(incident(i)) === 1;
    });
  }

  function refresh(keep) {
    const before = shown[at];
    shown = [];
    for (let i = 0; i < rows.ms.length; i++) if (matches(i)) shown.push(i);
    found = shown;
    if (byId('fold').checked) shown = foldedRows(shown);
    at = keep ? shown.indexOf(before) : -1;
    byId('count').textContent = (found.length === rows.ms.length ? '' : number(found.length) + ' of ') + number(rows.ms.length) + ' resets' +
      (shown === found ? '' : ', ' + number(shown.length) + (shown.length === 1 ? ' incident' : ' incidents'));
    byId('space').style.height = shown.length * ROW + 'px';
    byId('rows').scrollTop = Math.max(0, at) * ROW - 100;
    drawRows();
    drawBars();
    drawChart();
    drawChips();
  }

  function drawRows() {
    const box = byId('rows');
    for (const r of box.querySelectorAll('.item')) r.remove();
    const first = Math.max(0, Math.floor(box.scrollTop / ROW) - 4);
    const last = Math.min(shown.length, first + Math.ceil(box.clientHeight / ROW) + 9);
    for (let n = first; n < last; n++) {
      const i = shown[n];
      const size = shown === found ? 1 : sizes.get(incident(i));
      const row = el('div', { class: 'row item', role: 'option', id: 'row-' + n, 'aria-selected': n === at },
        el('span', { title: clock(rows.ms[i]) }, clock(rows.ms[i]).slice(oneDay ? 11 : 5)),
        el('span', {}, cause(i) + (confidence(i) === 'certain' ? '' : confidence(i) === 'none' ? ' ?' : ' (' + confidence(i) + ')'),
          size > 1 ? el('span', { class: 'times' }, '\u00d7' + number(size)) : null),
        el('span', { class: 'mono' }, rows.from[i]), el('span', { class: 'mono' }, rows.to[i]),
        el('span', {}, plain(owner(i) || '')));
      row.style.top = n * ROW + 'px';
      row.addEventListener('click', () => open(n));
      box.append(row);
    }
    if (at >= 0) box.setAttribute('aria-activedescendant', 'row-' + at);
    else box.removeAttribute('aria-activedescendant');
  }

  function drawChips() {
    const chips = byId('chips');
    chips.textContent = '';
    for (const k of Object.keys(KEYS))
      if (filter[k]) chips.append(el('span', { class: 'chip' }, k + ' ' + plain(nameOf(k, filter[k]))));
    if (filter.from > -Infinity)
      chips.append(el('span', { class: 'chip' }, clock(filter.from) + ' to ' + clock(filter.until)));
    byId('clear').hidden = !(filter.text || filter.confidence || Object.keys(KEYS).some(k => filter[k]) || filter.from > -Infinity);
  }

  function noFilters() {
    Object.assign(filter, { text: '', confidence: '', from: -Infinity, until: Infinity });
    for (const k of Object.keys(KEYS)) filter[k] = '';
  }

  function clearFilters() {
    noFilters();
    byId('search').value = byId('confidence').value = '';
    refresh(true);
  }

  /* --- the summary --- */

  function drawBars() {
    for (const [key, value] of Object.entries(KEYS)) {
      const counts = new Map(), box = byId('by-' + key);
      for (const i of found) counts.set(value(i), (counts.get(value(i)) || 0) + 1);
      if (filter[key] && !counts.has(filter[key])) counts.set(filter[key], 0);
      const sorted = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 30);
      const most = sorted.length ? sorted[0][1] : 1;
      box.textContent = '';
      for (const [name, n] of sorted) {
        const label = plain(nameOf(key, name) || 'no ' + key);
        const b = el('button', { type: 'button', 'aria-pressed': filter[key] === name && name !== '', title: label },
          el('span', {}, label), el('span', {}, number(n)));
        b.style.setProperty('--w', 100 * n / (most || 1) + '%');
        if (name) b.addEventListener('click', () => { filter[key] = filter[key] === name ? '' : name; refresh(true); });
        else b.disabled = true;
        box.append(b);
      }
    }
  }

  function drawChart() {
    const box = byId('chart'), W = 560, H = 132, n = 70;
    box.textContent = '';
    if (!rows.ms.length) { box.append(el('p', { class: 'hint' }, 'No resets.')); return; }
    const lo = summary.from_ms, hi = Math.max(summary.until_ms + 1, lo + n);
    const all = new Array(n).fill(0), now = new Array(n).fill(0);
    const bucket = ms => Math.min(n - 1, Math.floor((ms - lo) / (hi - lo) * n));
    for (const ms of rows.ms) all[bucket(ms)]++;
    for (const i of found) now[bucket(rows.ms[i])]++;
    const most = Math.max(...all), s = svg('svg', { viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: 'none', role: 'img',
      'aria-label': 'Resets over time, peak ' + most + ' per ' + duration((hi - lo) / n * 1000) + '; drag to select a time range' });
    for (let b = 0; b < n; b++) {
      const h = v => v / most * (H - 26);
      s.append(svg('rect', { class: 'bar', opacity: .35, x: b * W / n, width: W / n - 1, y: H - 16 - h(all[b]), height: h(all[b]) }));
      s.append(svg('rect', { class: 'bar in', x: b * W / n, width: W / n - 1, y: H - 16 - h(now[b]), height: h(now[b]) }));
    }
    s.append(svg('text', { x: 0, y: H - 4 }, clock(lo).slice(5, 19)));
    s.append(svg('text', { x: W, y: H - 4, 'text-anchor': 'end' }, clock(hi).slice(5, 19)));
    s.append(svg('text', { x: 2, y: 9 }, 'peak: ' + number(most) + ' per ' + duration((hi - lo) / n * 1000)));
    const x = e => { const r = s.getBoundingClientRect(); return Math.min(1, Math.max(0, (e.clientX - r.left) / r.width)); };
    let start = null;
    const brush = svg('rect', { class: 'brush', y: 0, height: H - 16, width: 0 });
    s.append(brush);
    s.addEventListener('pointerdown', e => { start = x(e); s.setPointerCapture(e.pointerId); });
    s.addEventListener('pointermove', e => {
      if (start === null) return;
      brush.setAttribute('x', Math.min(start, x(e)) * W);
      brush.setAttribute('width', Math.abs(start - x(e)) * W);
    });
    s.addEventListener('pointerup', e => {
      const a = Math.min(start, x(e)), b = Math.max(start, x(e));
      start = null;
      filter.from = b - a < .01 ? -Infinity : lo + a * (hi - lo);
      filter.until = b - a < .01 ? Infinity : lo + b * (hi - lo);
      refresh(true);
    });
    box.append(s);
  }

  /* --- one reset --- */

  /* Equal RSTs of one connection share their id: the second one's link ends in -2. */
  function makeLinks() {
    const seen = new Map();
    return rows.id.map(id => {
      const n = (seen.get(id) || 0) + 1;
      seen.set(id, n);
      return n > 1 ? id + '-' + n : id;
    });
  }

  function fold(on) {
    byId('fold').checked = on;
    refresh(true);
  }

  async function openLink() {
    const i = links.indexOf(location.hash.slice(1));
    if (i < 0) return false;
    if (!matches(i)) clearFilters();
    if (!shown.includes(i)) fold(false);
    await open(shown.indexOf(i));
    return true;
  }

  async function open(n, focus) {
    if (n < 0 || n >= shown.length) return;
    at = n;
    if (document.body.dataset.ready) history.replaceState(null, '', '#' + links[shown[n]]);
    const box = byId('rows'), top = n * ROW;
    if (top < box.scrollTop) box.scrollTop = top;
    if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight;
    drawRows();
    const i = shown[n], c = await caseAt(i);
    if (shown[at] !== i) return;
    drawCase(c, i);
    if (focus) byId('case').focus();
  }

  /* Plain text that Slack, Jira and Markdown show as it is. */
  function summaryOf(c, i) {
    const what = c.rst || c.answers || c.history[0];
    return [`${c.cause} (${c.confidence === 'none' ? 'undetermined' : c.confidence}): ${c.title}`,
      `${c.ts} on ${c.host} ${c.if}: ${end(what.src, what.sport)} \u2192 ${end(what.dst, what.dport)}`,
      `Impact: ${c.impact}: ${c.impact_reason}`,
      ...c.evidence.map(e => '- ' + e),
      ...c.advice.slice(0, 1).map(a => 'What to do: ' + a.do),
      'Id: ' + links[i]].map(plain).join('\n') + '\n';
  }

  async function copy(text, button) {
    const was = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'The browser refuses';
    }
    setTimeout(() => { button.textContent = was; }, 1500);
  }

  function linkAndCopy(c, i) {
    const button = el('button', { type: 'button', class: 'copy' }, 'Copy');
    button.addEventListener('click', () => copy(summaryOf(c, i), button));
    return el('p', { class: 'mono', style: 'margin:0' }, el('a', { class: 'link', href: '#' + links[i] }, links[i]), ' ', button);
  }

  /* What ties it to the others, and the way to them. */
  function incidentOf(c, i) {
    const first = incidents.get(incident(i)), m = c.incident || {}, n = rows.incident.filter(k => k === rows.incident[i]).length;
    if (n < 2 && !m.because) return null;
    const p = el('p', { class: 'incident', style: 'margin:0' }, plain(m.because ? m.role + ': ' + m.because : 'the first of ' + number(n)));
    if (first !== i) p.append(' ', el('a', { class: 'link', href: '#' + links[first] }, 'first reset'));
    if (n > 1 && !filter.incident) {
      const all = el('button', { type: 'button', class: 'copy' }, 'Show all ' + number(n));
      all.addEventListener('click', () => { filter.incident = incident(i); fold(false); });
      p.append(' ', all);
    }
    return p;
  }

  function section(title, content) {
    return content ? [el('h3', {}, title), content] : [];
  }

  function drawCase(c, i) {
    const box = byId('case'), what = c.rst || c.answers || c.history[0];
    box.textContent = '';
    box.dataset.index = i;
    box.append(el('div', { class: 'verdict' }, el('span', { class: 'id' }, c.cause),
      el('span', { class: 'badge ' + c.confidence }, c.confidence === 'none' ? 'undetermined' : c.confidence),
      el('span', {}, c.type + ', ' + c.origin)));
    box.append(el('p', { style: 'margin:0 0 6px' }, plain(c.title)));
    box.append(el('p', { class: 'impact', style: 'margin:0 0 6px' }, 'Impact: ' + c.impact + ': ' + plain(c.impact_reason)));
    box.append(el('p', { class: 'mono', style: 'margin:0' },
      (c.rst ? what.flags + ' ' : 'stalled handshake, no RST: SYN ') + end(what.src, what.sport) + ' \u2192 ' + end(what.dst, what.dport) +
      '  ' + c.ts + ' on ' + plain(c.if) + ' (' + c.hook + '), ' + plain(c.host)));
    if ((c.images || []).length)
      box.append(el('p', { class: 'mono', style: 'margin:0' }, 'before or after NAT: ' + c.images.map(t => end(t.src, t.sport) + ' \u2192 ' + end(t.dst, t.dport)).join(', ')));
    box.append(linkAndCopy(c, i));
    view = new Diagram(c);
    box.append(view.element);
    view.draw();
    const left = el('div'), right = el('div');
    left.append(...section('Incident', incidentOf(c, i)));
    left.append(...section('Evidence', c.evidence.length ? list(c.evidence) : null));
    if (c.conversation)
      left.append(...section('Conversation', el('p', { style: 'margin:0' }, c.conversation.state + ', history ' + plain(c.conversation.history))));
    left.append(...section('What to do', c.advice.length ? list(c.advice.map(a => el('li', {}, plain(a.do),
      el('div', { class: 'price' }, 'trade-off: ' + plain(a.price) + '; undo: ' + plain(a.undo)))), true) : null));
    right.append(...section(c.confidence === 'certain' ? 'Possible root causes' : 'Candidates, most likely first',
      c.candidates.length ? el('p', { style: 'margin:0' }, c.candidates.join(', ')) : null));
    right.append(...section('Ruled out', c.ruled_out.length ? list(c.ruled_out.map(r => r.cause + ': ' + r.because)) : null));
    right.append(...section('Missing evidence', c.missing.length && c.confidence !== 'certain' ? list(c.missing) : null));
    for (const [title, o] of [['Owner', c.owner], ['Killed by', c.killer], ['Victim', c.victim]])
      if (o)
        right.append(...section(title, el('p', { style: 'margin:0' }, plain([o.comm && o.comm + (o.pid ? '[' + o.pid + ']' : ''),
          o.tid && o.tid !== o.pid && 'thread ' + o.thread + '[' + o.tid + ']', o.cmdline, o.container && 'container ' + o.container.slice(0, 12),
          o.cgroup].filter(Boolean).join(', ') || 'not known'))));
    if (c.lost.events || c.lost.packets)
      right.append(...section('Events lost meanwhile', el('p', { style: 'margin:0' }, c.lost.events + ' events, ' + c.lost.packets + ' packets')));
    box.append(el('div', { class: 'facts' }, left, right));
    box.append(packetTable(c));
    if (c.user_stack)
      box.append(el('details', {}, el('summary', {}, "The application's stack, innermost call first"),
        list(c.user_stack.map(f => plain(f)).concat(c.user_stack_end ? [plain('... ' + c.user_stack_end)] : []), true)));
    if (c.kernel.stack.length)
      box.append(el('details', {}, el('summary', {}, 'Kernel stack, innermost call first'),
        list(c.kernel.stack.map((f, k) => f + (c.kernel.stack_lines && c.kernel.stack_lines[k] ? '  ' + c.kernel.stack_lines[k] : '')), true)));
  }

  function packetTable(c) {
    const body = el('tbody');
    for (const p of packets(c)) {
      const t = el('tr', { class: p.role || 'other' });
      for (const v of [duration(p.us), p.if + ' ' + p.hook, end(p.src, p.sport) + ' \u2192 ' + end(p.dst, p.dport), p.flags || '', p.seq ?? '', p.ack ?? '', p.len ?? '', p.win ?? '', p.ttl ?? ''])
        t.append(el('td', {}, plain(v)));
      body.append(t);
    }
    const head = el('tr');
    for (const h of ['relative to RST', 'where', 'segment', 'flags', 'seq', 'ack', 'len', 'win', 'TTL']) head.append(el('th', {}, h));
    return el('details', { open: '' }, el('summary', {}, 'Packets'), el('div', { class: 'scroll' }, el('table', {}, el('thead', {}, head), body)));
  }

  /* Each packet once, with its microseconds from the RST and its part in the story. */
  function packets(c) {
    const zero = nanoseconds(c.ts), out = [];
    const us = ts => Number(nanoseconds(ts) - zero) / 1000;
    for (const p of c.history) out.push({ ...p, us: us(p.ts), role: '' });
    const a = c.answers;
    if (a) {
      const same = out.find(p => p.ts === a.ts && p.if === a.if);
      const role = a.match === 'exact' || !c.rst ? 'answered' : '';
      if (same) same.role = role; else out.push({ ...a, us: us(a.ts), role });
    }
    for (const s of c.sightings || []) if (c.rst) out.push({ ...c.rst, ...s, us: us(s.ts), role: 'rst' });
    return out.sort((x, y) => x.us - y.us);
  }

  /* --- the sequence diagram: time goes down, lanes are places --- */

  class Diagram {
    constructor(c) {
      this.c = c;
      this.packets = packets(c);
      this.events = this.findEvents();
      this.lanes = this.findLanes();
      const times = [...this.packets.map(p => p.us), ...this.events.flatMap(e => e.until == null ? [e.us] : [e.us, e.until])];
      this.lo = Math.min(0, ...times);
      this.hi = Math.max(0, ...times);
      this.span = el('span', { class: 'span' });
      this.svg = svg('svg', { role: 'img', tabindex: '0', 'aria-label': 'Sequence diagram: ' + this.packets.length + ' packets, ' + this.events.length + ' kernel events; + and - zoom, [ and ] move' });
      this.element = el('div', { class: 'diagram' }, this.bar(), this.svg);
      this.listen();
      this.decision(true);
    }

    bar() {
      const b = (name, label, f) => { const e = el('button', { type: 'button', 'aria-label': label, title: label }, name); e.addEventListener('click', f); return e; };
      return el('div', { class: 'bar' }, b('+', 'Zoom in', () => this.zoom(.5)), b('\u2212', 'Zoom out', () => this.zoom(2)),
        b('\u2191', 'Earlier', () => this.pan(-.3)), b('\u2193', 'Later', () => this.pan(.3)),
        b('Decision', 'The moment the kernel decided to send the RST', () => this.decision()), b('All', 'From the first packet to the last', () => this.all()), this.span);
    }

    us(ts) { return Number(nanoseconds(ts) - nanoseconds(this.c.ts)) / 1000; }

    findEvents() {
      const k = this.c.kernel, out = [], race = k.race || k.window;
      if (k.function && k.ts) {
        const ct = k.conntrack, seg = this.packets.filter(p => p.role === 'answered').pop();
        const between = seg ? f => seg.us + (this.us(k.ts) - seg.us) * f : () => this.us(k.ts);
        if (ct.state !== 'none')
          out.push({ us: between(.33), cpu: k.cpu, order: true, name: 'conntrack: ' + ct.state + (ct.why ? ', ' + ct.why : '') });
        if (ct.orig && ct.reply && ct.nat.length)
          out.push({ us: between(.5), cpu: k.cpu, order: true, name: (ct.state === 'INVALID' ? 'NAT skipped (' : 'NAT (') + ct.nat.join(', ') + '): ' + end(ct.orig.dst, ct.orig.dport) + ' \u21d2 ' + end(ct.reply.src, ct.reply.sport) });
        if (k.skb && k.lookup)
          out.push({ us: between(.75), cpu: race && k.race ? k.race.lookup_cpu : k.cpu, order: true, name: 'socket lookup: ' + (k.lookup === 'none' ? 'nothing' : k.lookup) });
        out.push({ us: this.us(k.ts), cpu: k.cpu, name: k.function + '()' + (k.reason ? ' ' + k.reason : '') });
      }
      if (race)
        out.push({ us: this.us(race.start), until: race.end ? this.us(race.end) : 0, cpu: race.cpu, window: true,
          name: (race.kind === 'timewait' ? 'TIME_WAIT replaces socket' : 'socket replaces request') + (k.race ? ', overlap ' + duration(k.race.overlap_us) : '') });
      return out;
    }

    /* Outside: one lane an end; between them the places on the wire; of this host, its CPUs. */
    findLanes() {
      const c = this.c, what = c.rst || this.packets[0] || c.answers;
      const live = c.hook !== 'pcap' && (c.origin === 'local' || c.origin === 'remote' || c.origin === 'unknown');
      const outward = c.hook === 'tc-egress';
      const key = (a, p) => a + ' ' + p;
      const near = outward ? [what.src, what.sport] : [what.dst, what.dport];
      const far = outward ? [what.dst, what.dport] : [what.src, what.sport];
      const lanes = [{ kind: 'end', key: key(...far), name: end(...far) }];
      for (const p of this.packets) {
        const name = p.if + (p.hook === 'pcap' ? '' : ' ' + p.hook.replace('tc-', ''));
        if (!lanes.some(l => l.kind === 'wire' && l.name === name)) lanes.push({ kind: 'wire', name });
      }
      if (live) {
        const cpus = new Set([...this.packets.filter(p => p.cpu != null).map(p => p.cpu), ...this.events.filter(e => e.cpu != null).map(e => e.cpu)]);
        for (const cpu of [...cpus].sort((a, b) => a - b)) lanes.push({ kind: 'cpu', cpu, name: 'CPU ' + cpu });
      } else {
        lanes.push({ kind: 'end', key: key(...near), name: end(...near) });
        for (const e of this.events) if (e.cpu != null && !lanes.some(l => l.kind === 'cpu' && l.cpu === e.cpu)) lanes.push({ kind: 'cpu', cpu: e.cpu, name: 'CPU ' + e.cpu });
      }
      this.live = live;
      this.farKey = key(...far);
      return lanes;
    }

    /* What is answered, what was decided; and the RST, unless it left much later. */
    decision(first) {
      const near = this.events.concat(this.packets.filter(p => p.role === 'answered')).flatMap(e => e.until == null ? [e.us] : [e.us, e.until]).filter(us => us > -1e6);
      let lo = Math.min(...near, Infinity), hi = Math.max(...near, -Infinity);
      if (!near.length || -hi < 4 * (hi - lo) + 60) [lo, hi] = [Math.min(0, lo), Math.max(0, hi)];
      if (hi - lo < 1) { lo = Math.max(this.lo, -100); hi = Math.max(hi, lo + 100); }
      const m = (hi - lo) * .18;
      [this.a, this.b] = [lo - m, hi + m];
      if (!first) this.draw();
    }
    all() { const m = Math.max(1, (this.hi - this.lo) * .06); [this.a, this.b] = [this.lo - m, this.hi + m]; this.draw(); }
    zoom(f, center) {
      const c = center ?? (this.a + this.b) / 2, full = Math.max(1, (this.hi - this.lo) * 1.5 + 10);
      const w = Math.min(full, Math.max(.5, (this.b - this.a) * f)), r = (c - this.a) / (this.b - this.a);
      this.a = c - w * r; this.b = this.a + w;
      this.draw();
    }
    pan(f) {
      const w = this.b - this.a;
      this.a = Math.min(this.hi, Math.max(this.lo - w, this.a + f * w)); this.b = this.a + w;
      this.draw();
    }

    listen() {
      let last = null;
      const time = e => { const r = this.svg.getBoundingClientRect(); return this.a + (e.clientY - r.top - this.top * r.height / this.H) / ((this.H - this.top - 8) * r.height / this.H) * (this.b - this.a); };
      this.svg.addEventListener('wheel', e => { e.preventDefault(); this.zoom(e.deltaY > 0 ? 1.25 : .8, time(e)); }, { passive: false });
      this.svg.addEventListener('pointerdown', e => { last = e.clientY; this.svg.setPointerCapture(e.pointerId); this.svg.classList.add('panning'); });
      this.svg.addEventListener('pointermove', e => { if (last === null) return; this.pan((last - e.clientY) / this.svg.clientHeight); last = e.clientY; });
      this.svg.addEventListener('pointerup', () => { last = null; this.svg.classList.remove('panning'); });
    }

    ticks(s, y) {
      const w = this.b - this.a, step = [1, 2, 5].flatMap(m => [...Array(10)].map((_, e) => m * 10 ** (e - 1))).sort((p, q) => p - q).find(v => w / v <= 8) || w / 8;
      for (let t = Math.ceil(this.a / step) * step; t <= this.b; t += step) {
        s.append(svg('line', { class: 'tick', x1: 70, x2: this.W, y1: y(t), y2: y(t) }));
        s.append(svg('text', { class: 'tick-name', x: 64, y: y(t) + 4, 'text-anchor': 'end' }, (t > 0 ? '+' : '') + duration(Math.abs(t) < step / 1e6 ? 0 : t)));
      }
    }

    draw() {
      const s = this.svg, gap = 150, W = this.W = Math.max(560, 130 + this.lanes.length * gap), H = this.H = 430, top = this.top = 34;
      const y = t => top + (t - this.a) / (this.b - this.a) * (H - top - 8), inside = t => t >= this.a && t <= this.b;
      s.textContent = '';
      s.setAttribute('viewBox', `0 0 ${W} ${H}`);
      s.dataset.from = this.a; s.dataset.until = this.b;
      this.span.textContent = duration(this.a) + ' to ' + (this.b > 0 ? '+' : '') + duration(this.b) + ' relative to the RST';
      this.ticks(s, y);
      this.lanes.forEach((l, n) => {
        l.x = 120 + n * gap;
        s.append(svg('line', { class: 'lane', x1: l.x, x2: l.x, y1: top - 6, y2: H }));
        s.append(svg('text', { class: 'lane-name halo', x: l.x, y: 16, 'text-anchor': 'middle' }, plain(l.name).slice(0, 26)));
      });
      for (const e of this.events) if (e.window && e.until >= this.a && e.us <= this.b) this.drawWindow(s, e, y);
      let label = -99;
      for (const p of this.packets) if (inside(p.us)) label = this.drawPacket(s, p, y, label);
      let below = -99;
      for (const e of this.events) if (!e.window && inside(e.us)) below = this.drawEvent(s, e, y, below);
      const hidden = this.packets.filter(p => p.us < this.a).length;
      if (this.events.some(e => e.order && inside(e.us))) s.append(svg('text', { class: 'tick-name halo', x: W - 6, y: H - 6, 'text-anchor': 'end' }, '\u25cb order is known, exact time is not'));
      if (hidden) s.append(svg('text', { class: 'tick-name halo', x: W - 6, y: top + 8, 'text-anchor': 'end' }, '\u2191 ' + hidden + ' earlier packets'));
    }

    laneX(test) { const l = this.lanes.find(test); return l ? l.x : null; }

    drawPacket(s, p, y, label) {
      const name = p.if + (p.hook === 'pcap' ? '' : ' ' + p.hook.replace('tc-', ''));
      const far = this.lanes[0].x, wire = this.laneX(l => l.kind === 'wire' && l.name === name);
      const near = this.live ? this.laneX(l => l.kind === 'cpu' && l.cpu === p.cpu) ?? wire : this.laneX(l => l.kind === 'end' && l !== this.lanes[0]) ?? wire;
      const fromFar = p.hook === 'pcap' || !this.live ? p.src + ' ' + p.sport === this.farKey : p.hook !== 'tc-egress';
      const x1 = fromFar ? far : near, x2 = fromFar ? near : far, yy = y(p.us), role = p.role || '';
      s.append(svg('line', { class: 'packet ' + role, x1, x2: x2 + (x2 > x1 ? -7 : 7), y1: yy, y2: yy }));
      s.append(svg('path', { class: 'head ' + role, d: x2 > x1 ? `M${x2} ${yy}l-8 -4v8z` : `M${x2} ${yy}l8 -4v8z` }));
      s.append(svg('circle', { class: 'dot', cx: wire, cy: yy, r: 3 }));
      if (yy - label < 13 && !role) return label;
      const numbers = (p.len ? ' len ' + p.len : '') + (role ? ' seq ' + p.seq + (p.flags && p.flags.includes('ACK') ? ' ack ' + p.ack : '') : '');
      s.append(svg('text', { class: 'label halo ' + role, x: (far + wire) / 2, y: yy - 4, 'text-anchor': 'middle' }, (p.flags || '') + numbers));
      return yy;
    }

    drawWindow(s, e, y) {
      const x = this.laneX(l => l.kind === 'cpu' && l.cpu === e.cpu) ?? this.W - 60, y1 = Math.max(this.top, y(e.us)), y2 = Math.min(this.H, y(e.until));
      s.append(svg('rect', { class: 'window', x: x - 16, width: 32, y: y1, height: Math.max(3, y2 - y1), rx: 2 }));
      s.append(svg('text', { class: 'window-name halo', x: Math.min(x, this.W - 130), y: Math.min(this.H - 4, y2 + 14), 'text-anchor': 'middle' }, e.name));
    }

    drawEvent(s, e, y, below) {
      const x = this.laneX(l => l.kind === 'cpu' && l.cpu === e.cpu) ?? this.W - 60, yy = y(e.us), left = x > this.W - 260;
      const ty = Math.max(yy + 4, below + 14);
      s.append(e.order ? svg('circle', { class: 'event about', cx: x, cy: yy, r: 4 }) : svg('path', { class: 'event', d: `M${x} ${yy - 6}l6 6l-6 6l-6 -6z` }));
      s.append(svg('text', { class: 'event-name halo', x: left ? x - 12 : x + 12, y: ty, 'text-anchor': left ? 'end' : 'start' }, plain(e.name)));
      return ty;
    }
  }

  /* --- keys, buttons, start --- */

  function setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    byId('theme').textContent = theme === 'dark' ? 'Light' : 'Dark';
  }
  const toggleTheme = () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');

  const keys = {
    j: () => open(at + 1), ArrowDown: () => open(at + 1), k: () => open(at - 1), ArrowUp: () => open(at - 1),
    Enter: () => open(Math.max(0, at), true), '/': () => byId('search').focus(),
    '+': () => view && view.zoom(.5), '=': () => view && view.zoom(.5), '-': () => view && view.zoom(2),
    '0': () => view && view.all(), d: () => view && view.decision(), '[': () => view && view.pan(-.3), ']': () => view && view.pan(.3),
    i: () => fold(!byId('fold').checked), t: toggleTheme, '?': () => byId('keys').showModal(), Escape: clearFilters,
  };

  function onKey(e) {
    const inField = /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName);
    if (e.ctrlKey || e.metaKey || e.altKey || byId('keys').open) return;
    if (inField && e.target.type !== 'checkbox' && e.key !== 'Escape') {
      if (e.key === 'Enter' && e.target.id === 'search') { e.target.blur(); open(0); }
      return;
    }
    if (/^(BUTTON|SUMMARY)$/.test(e.target.tagName) && (e.key === 'Enter' || e.key === ' ')) return;
    if (!keys[e.key]) return;
    e.preventDefault();
    if (inField) e.target.blur();
    keys[e.key]();
  }

  async function start() {
    setTheme(matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
    [summary, rows] = await Promise.all([unpack('summary-data'), unpack('rows-data')]);
    texts = rows.ms.map((_, i) => (clock(rows.ms[i]) + ' ' + cause(i) + ' ' + confidence(i) + ' ' + rows.from[i] + ' ' + rows.to[i] + ' ' + rows.nat[i] + ' ' + owner(i) + ' ' + rows.id[i] + ' ' + incident(i)).toLowerCase());
    links = makeLinks();
    incidents = new Map();
    rows.incident.forEach((k, i) => { if (!incidents.has(summary.incidents[k])) incidents.set(summary.incidents[k], i); });
    noFilters();
    byId('fold').checked = rows.ms.length > FOLD_FROM && incidents.size < rows.ms.length;
    byId('fold').addEventListener('change', () => refresh(true));
    byId('by-pod').parentElement.hidden = !summary.pods.some(p => p);
    oneDay = clock(summary.from_ms).slice(0, 10) === clock(summary.until_ms).slice(0, 10);
    document.title = plain(summary.title);
    byId('title').textContent = plain(summary.title);
    byId('scope').textContent = plain(summary.scope);
    byId('rows').addEventListener('scroll', () => requestAnimationFrame(drawRows));
    addEventListener('resize', drawRows);
    let timer;
    byId('search').addEventListener('input', e => { clearTimeout(timer); timer = setTimeout(() => { filter.text = e.target.value.trim().toLowerCase(); refresh(true); }, 80); });
    byId('confidence').addEventListener('change', e => { filter.confidence = e.target.value; refresh(true); });
    byId('clear').addEventListener('click', clearFilters);
    byId('theme').addEventListener('click', toggleTheme);
    byId('help').addEventListener('click', () => byId('keys').showModal());
    addEventListener('keydown', onKey);
    addEventListener('hashchange', openLink);
    refresh();
    if (!await openLink() && shown.length) await open(0);
    document.body.dataset.ready = 'yes';
  }

  start().catch(e => { document.querySelector('main').prepend(el('p', { class: 'fault', role: 'alert' }, 'This report is corrupt, or the browser is too old: ' + e.message)); });
})();
