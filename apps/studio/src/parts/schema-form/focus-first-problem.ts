/** Once the problems are drawn: puts the focus where the first of them is, for those who do not see which fields became red. */
export function focusFirstProblem(form: HTMLFormElement): void {
  requestAnimationFrame(() => {
    form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  });
}
