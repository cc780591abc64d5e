/**
 * From the instants that lines carry to those at which they were on the screen, in milliseconds. The page follows the log.
 *
 * @param {import('playwright-core').Page} page
 * @param {() => Promise<string>} start starts the run, and answers the address of its page
 * @param {number} lines
 * @returns {Promise<number[]>}
 */
export async function latencies(page, start, lines) {
  await page.addInitScript(() => {
    /** @type {Map<string, number>} */
    const seen = new Map();
    Object.assign(window, { seen });
    const look = () => {
      const found = document.querySelector('[role=log]')?.textContent.matchAll(/printed=(\d{13})/g) ?? [];
      const at = Date.now();
      for (const [, printed = ''] of found) if (!seen.has(printed)) seen.set(printed, at);
    };
    // After what was changed has been painted.
    new MutationObserver(() => requestAnimationFrame(() => setTimeout(look))).observe(document, { subtree: true, childList: true, characterData: true });
  });
  await page.goto(await start());
  await page.waitForFunction((wanted) => /** @type {{ seen: Map<string, number> }} */ (/** @type {unknown} */ (window)).seen.size >= wanted, Math.floor(lines * 0.98), { timeout: 60_000 });
  const seen = await page.evaluate(() => [.../** @type {{ seen: Map<string, number> }} */ (/** @type {unknown} */ (window)).seen]);
  return seen.map(([printed, at]) => at - Number(printed));
}

/**
 * From the click on the tab to the graph on the screen, in milliseconds.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} address of the run
 * @returns {Promise<number>}
 */
export async function drawGraph(page, address) {
  await page.goto(address);
  await page.getByRole('tab', { name: 'Graph' }).waitFor();
  return page.evaluate(async () => {
    const tab = [...document.querySelectorAll('[role=tab]')].find((each) => each.textContent.startsWith('Graph'));
    const from = performance.now();
    /** @type {HTMLElement} */ (tab).click();
    let before = -1;
    // Drawn when there are nodes, and a frame later there are no more than before.
    for (;;) {
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      const { length } = document.querySelectorAll('.react-flow__node [data-node]');
      if (length > 0 && length === before) return performance.now() - from;
      before = length;
    }
  });
}
