// Whether an element is in sight, or nearly: what is far away needn't be drawn.

import { useEffect, useState } from "./html.js";

const NEAR = "1000px 0px";
const watched = new WeakMap();
let watch;

/** Whether the element of `box` is near what is seen; `onLeave` gets its height when it no longer is. */
export function useInSight(box, isAtFirst, onLeave) {
  const [isNear, setNear] = useState(isAtFirst);
  useEffect(() => {
    const element = box.current;
    watch ??= new IntersectionObserver((entries) => entries.forEach((entry) => watched.get(entry.target)?.(entry)), { rootMargin: NEAR });
    watched.set(element, ({ isIntersecting, boundingClientRect }) => {
      if (!isIntersecting && element.contains(document.activeElement)) return; // it would lose the focus
      if (!isIntersecting) onLeave(boundingClientRect.height);
      setNear(isIntersecting);
    });
    watch.observe(element);
    return () => watch.unobserve(element);
  }, []);
  return isNear;
}
