export type TemplateName = 'script' | 'review';

/** The text of a first workflow document. */
export function workflowTemplate(template: TemplateName, id: string): string {
  return template === 'review' ? review(id) : script(id);
}

function script(id: string): string {
  return `id: ${id}
name: ${id}
version: "1.0.0"
description: Greets somebody, then counts the letters.

inputs:
  who:
    type: string
    default: world
    description: Whom to greet

# Steps with "run" start a shell.
permissions:
  shell: true

jobs:
  greet:
    outputs:
      greeting: \${{ steps.say.outputs.greeting }}
    steps:
      - id: say
        run: |
          greeting="Hello, \${{ inputs.who }}!"
          echo "$greeting"
          echo "greeting=$greeting" >> "$KB_OUTPUT"

  count:
    needs: [greet]
    steps:
      - run: printf '%s' "\${{ needs.greet.outputs.greeting }}" | wc -c

outputs:
  greeting: \${{ jobs.greet.outputs.greeting }}
`;
}

function review(id: string): string {
  return `id: ${id}
name: ${id}
version: "1.0.0"
description: Reviews the changes since a branch and keeps the findings as artifacts.

inputs:
  base:
    type: string
    default: main
    description: The branch to compare with

jobs:
  review:
    outputs:
      summary: \${{ steps.analyse.outputs.summary }}
    steps:
      - id: diff
        uses: "@kb-labs/commit-plugin/git:diff"
        with:
          base: \${{ inputs.base }}
      - id: analyse
        uses: "@kb-labs/ai-review-plugin/review:run"
        with:
          diff: \${{ steps.diff.outputs.diff }}

outputs:
  summary: \${{ jobs.review.outputs.summary }}
`;
}
