/**
 * Where the site is. Only modules at the top of www/ may ask for their own address: the build puts those of its folders at the top too.
 */

/**
 * The address of a file of the site, whichever page shows the figure.
 *
 * @param {string} path such as `index.html` or `www/figure.css`
 */
export function siteFile(path) {
  return new URL(`../${path}`, import.meta.url).href;
}
