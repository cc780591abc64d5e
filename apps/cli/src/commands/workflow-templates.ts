const TEMPLATES = { script, review, approval } as const;
export type TemplateName = keyof typeof TEMPLATES;

export function isTemplate(name: string | undefined): name is TemplateName {
  return name !== undefined && Object.hasOwn(TEMPLATES, name);
}

/** The text of a first workflow document. */
export function workflowTemplate(template: TemplateName, id: string): string {
  return TEMPLATES[template](id);
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

function approval(id: string): string {
  return `id: ${id}
name: ${id}
version: "1.0.0"
description: Builds, asks somebody, and deploys what was built.

# Steps with "run" start a shell.
permissions:
  shell: true

# One deployment at a time; the others wait for their turn.
concurrency: ${id}

jobs:
  build:
    outputs:
      release: \${{ steps.name.outputs.release }}
    steps:
      - id: name
        run: echo "release=build-$(date -u +%Y%m%d%H%M%S)" >> "$KB_OUTPUT"

  deploy:
    needs: [build]
    steps:
      - id: ship
        uses: builtin:approval
        with:
          title: Deploy \${{ needs.build.outputs.release }}?
          expires: 12h
          form:
            type: object
            required: [region]
            properties:
              region: { enum: [eu, us] }
      - run: echo "deploying \${{ needs.build.outputs.release }} to \${{ steps.ship.outputs.region }}"
`;
}
