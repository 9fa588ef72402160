/**
 * The contents list: open where it stands beside the text, folded where it stands above it; the section that is being read is marked.
 */

/** Where style.css puts the list into the margin. */
const beside = matchMedia('(min-width: 1400px)');
const list = document.querySelector('.contents details');

/** In the margin it is open; above the text it would push the opening figure away, and closes again when a section was chosen. */
function fold() {
  list.open = beside.matches;
}

/** Marks the last section that began above a third of the window. */
function follow() {
  const links = new Map([...list.querySelectorAll('a')].map((link) => [link.hash.slice(1), link]));
  const places = [...links.keys()].map((id) => document.getElementById(id)).filter((place) => place !== null);
  let marked = null;
  const mark = () => {
    const line = innerHeight * 0.35;
    const current = links.get(places.filter((place) => place.getBoundingClientRect().top <= line).at(-1)?.id) ?? null;
    if (current === marked) return;
    marked?.removeAttribute('aria-current');
    current?.setAttribute('aria-current', 'true');
    marked = current;
    if (current !== null && beside.matches) reveal(current);
  };
  // Sections are taller than the window: their headings pass the line one by one, and only then is there something to do.
  const observer = new IntersectionObserver(mark, { rootMargin: '0px 0px -65% 0px', threshold: [0, 1] });
  for (const place of places) observer.observe(place);
}

/** Scrolls the list itself, never the page, so that the marked line can be seen. */
function reveal(link) {
  const scroller = list.parentElement;
  const above = link.offsetTop - 40;
  const below = link.offsetTop + link.offsetHeight + 40 - scroller.clientHeight;
  if (scroller.scrollTop > above) scroller.scrollTop = above;
  else if (scroller.scrollTop < below) scroller.scrollTop = below;
}

/** Begins to look after the list. */
export function watchContents() {
  fold();
  beside.addEventListener('change', fold);
  list.addEventListener('click', ({ target }) => {
    if (target.closest('a') !== null) fold();
  });
  follow();
}
