/**
 * @typedef {object} Progress
 * @property {<T>(title: string, work: () => Promise<T>) => Promise<T>} step runs and times one step
 * @property {(text: string) => void} note
 * @property {(text: string) => void} fail
 * @property {() => void} end removes an unfinished line
 */

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/**
 * Steps with their times: one moving line in a terminal, one line at the start
 * and one at the end of a step elsewhere.
 *
 * @param {NodeJS.WriteStream} out
 * @returns {Progress}
 */
export function showProgress(out) {
  const live = out.isTTY === true && process.env['TERM'] !== 'dumb';
  let timer = /** @type {NodeJS.Timeout | undefined} */ (undefined);
  let current = 'setup';

  const clear = () => {
    clearInterval(timer);
    if (live && timer !== undefined) out.write('\r\x1b[K');
    timer = undefined;
  };
  const line = (/** @type {string} */ text) => {
    clear();
    out.write(`${text}\n`);
  };
  return {
    async step(title, work) {
      current = title;
      const started = Date.now();
      const elapsed = () => `${((Date.now() - started) / 1000).toFixed(1)}s`;
      if (live) {
        let frame = 0;
        timer = setInterval(() => {
          frame = (frame + 1) % FRAMES.length;
          out.write(`\r\x1b[K${FRAMES[frame] ?? ''} ${title}  ${elapsed()}`);
        }, 100);
      } else {
        line(`kb: ${title} …`);
      }
      const result = await work();
      line(live ? `✓ ${title}  ${elapsed()}` : `kb: ${title}: done in ${elapsed()}`);
      return result;
    },
    note: (text) => line(`kb: ${text}`),
    fail: (text) => line(`kb: ${current} failed: ${text}`),
    end: clear,
  };
}
