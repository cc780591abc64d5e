/**
 * The other side of `Contestant`: says that this process is ready, answers what it is asked, and ends when nobody asks any more.
 *
 * @param {Readonly<Record<string, (what: any) => Promise<unknown>>>} answers
 * @param {() => Promise<unknown>} close
 */
export function answerAsks(answers, close) {
  const send = (/** @type {object} */ message) => process.send?.(message);
  process.on('message', (/** @type {{ do: string }} */ what) => {
    const answer = answers[what.do] ?? (() => Promise.reject(new Error(`nobody knows how to ${what.do}`)));
    answer(what).then(
      (value) => send({ value }),
      (/** @type {unknown} */ thrown) => send({ problem: thrown instanceof Error ? thrown.stack : String(thrown) }),
    );
  });
  process.once('disconnect', () => {
    void close().finally(() => process.exit(0));
  });
  send({ value: 'ready' });
}
