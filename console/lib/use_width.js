// The width of an element in px, as it is now.

import { useLayoutEffect, useState } from "./html.js";

export function useWidth(box) {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const look = () => setWidth(box.current.clientWidth);
    const watch = new ResizeObserver(look);
    watch.observe(box.current);
    look();
    return () => watch.disconnect();
  }, []);
  return width;
}
