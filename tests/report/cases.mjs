// SPDX-License-Identifier: GPL-2.0-only
//
// cases.mjs N [hostile] - N lines of evidence, made of the recorded cases of tests/cases at other times;
// with text that tries to be markup where others choose the text.

import { readdirSync, readFileSync } from 'node:fs';

export const HOSTILE = '</script><img src=x onerror=alert(1)>"\'`\u202e\u0007[x](javascript:alert(1))|**b**';

export function recorded() {
  const root = new URL('../cases/', import.meta.url), out = [];
  for (const dir of readdirSync(root, { withFileTypes: true }).filter(d => d.isDirectory()).map(d => d.name).sort())
    for (const file of readdirSync(new URL(dir + '/', root)).filter(f => f.endsWith('.json')).sort())
      out.push(JSON.parse(readFileSync(new URL(dir + '/' + file, root))));
  return out;
}

export function evidence(n, hostile) {
  const cases = recorded(), start = Date.parse('2026-11-26T10:00:00Z'), lines = [];
  for (let i = 0; i < n; i++) {
    const c = structuredClone(cases[i % cases.length]);
    // A busy hour, with one bad minute.
    const at = i % 5 ? (i * 7919) % 3600000 : 1800000 + (i * 31) % 60000;
    c.wall_offset_ns = (start + at) * 1e6 - c.evidence.rst.ts_ns;
    c.host = hostile ? HOSTILE : 'gateway' + i % 3;
    if (c.evidence.owner) c.evidence.owner.comm = hostile ? HOSTILE.slice(0, 60) : ['nginx', 'envoy', 'postgres'][i % 3];
    if (hostile) c.interfaces = Object.fromEntries(Array.from({ length: 40 }, (_, k) => [k, HOSTILE]));
    lines.push(JSON.stringify(c));
  }
  return lines.join('\n') + '\n';
}

if (process.argv[1] === new URL(import.meta.url).pathname)
  process.stdout.write(evidence(Number(process.argv[2] || 100), process.argv[3] === 'hostile'));
