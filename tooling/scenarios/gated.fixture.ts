/**
 * A workflow whose first step goes on until the file `<ledger>.gate` is there, or its project is not any more. Its input
 * `ledger` is the file that `note`, a command, writes each step to.
 */
export function gatedWorkflow(note: string): string {
  return `
id: gated
permissions: { shell: true }
env: { LEDGER: "\${{ inputs.ledger }}" }
inputs: { ledger: { type: string, required: true } }
defaults: { run: { shell: sh } }
jobs:
  one:
    steps:
      - { id: a, run: '${note}; while [ -e "$LEDGER" ] && [ ! -e "$LEDGER.gate" ]; do sleep 0.02; done' }
      - { id: b, run: '${note}' }
`;
}
