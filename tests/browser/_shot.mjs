import { chromium } from 'playwright-core';
const [base, out, ...ids] = process.argv.slice(2);
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--headless','--disable-gpu','--no-first-run','--disable-background-networking','--disable-component-update','--disable-sync','--disable-quic','--no-sandbox'] });
const wait = Number(process.env.WAIT ?? 15000), width = Number(process.env.W ?? 1000), scheme = process.env.SCHEME ?? 'light';
for (const id of ids) {
  const p = await b.newPage({ viewport: { width, height: 1000 }, colorScheme: scheme });
  const errs = []; p.on('pageerror', (e) => errs.push(e.message)); p.on('console', (m) => m.type() === 'error' && errs.push(m.text()));
  await p.goto(`${base}?v=1&figure=${id}`);
  await p.waitForTimeout(wait);
  const el = p.locator('superposition-figure').first();
  const t = await el.evaluate((e) => e.innerText.slice(0, 600).replace(/\n+/g, ' | ')).catch((e) => String(e));
  console.log(id, '::', t, errs.slice(0, 3).join(' // '));
  await el.screenshot({ path: `${out}/${id}.png` }).catch((e) => console.log(e.message));
  await p.close();
}
await b.close();
