// Whether an element is in sight, or nearly: what is far away needn't be drawn.

import { useEffect, useState } from "./html.js";

const NEAR = "1000px 0px";
const watched = new WeakMap();
let watch;

/**
 * Whether the element of `box` is near what is seen, or has the focus, which it would lose; `onLeave` gets its
 * height when it is drawn no longer.
 */
export function useInSight(box, isAtFirst, onLeave) {
  const [isNear, setNear] = useState(isAtFirst);
  useEffect(() => {
    const element = box.current;
    let isSeen = isAtFirst, isDrawn = isAtFirst;
    const look = (focused) => {
      const wasDrawn = isDrawn;
      isDrawn = isSeen || element.contains(focused);
      if (wasDrawn && !isDrawn) onLeave(element.getBoundingClientRect().height);
      setNear(isDrawn);
    };
    const onFocusOut = ({ relatedTarget }) => !isSeen && look(relatedTarget || document.activeElement); // it stays active if the window loses the focus
    watch ??= new IntersectionObserver((entries) => entries.forEach((entry) => watched.get(entry.target)?.(entry)), { rootMargin: NEAR });
    watched.set(element, ({ isIntersecting }) => {
      isSeen = isIntersecting;
      look(document.activeElement);
    });
    watch.observe(element);
    element.addEventListener("focusout", onFocusOut);
    return () => {
      watch.unobserve(element);
      element.removeEventListener("focusout", onFocusOut);
    };
  }, []);
  return isNear;
}
