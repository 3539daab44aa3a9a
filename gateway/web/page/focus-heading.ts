/** Leads whoever uses the keyboard to the heading of what is shown, where what had the focus is gone. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>('main h1[tabindex="-1"], main .pane h2[tabindex="-1"]')?.focus();
}
