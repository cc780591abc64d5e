import { type RefObject, useLayoutEffect, useRef, useState } from 'react';

/** How far below the top of the page an element begins: what fills the rest of the window has to know. */
export function useTop(): readonly [RefObject<HTMLDivElement | null>, number] {
  const ref = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const now = Math.round((ref.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
    if (now !== top) setTop(now);
  });
  return [ref, top];
}
