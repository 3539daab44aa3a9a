import { globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const PAGES = ['*.md', '{docs,deploy,gateway,loadtest,schema,serving,subgraphs,.github}/**/*.md'];
const LINK = /\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g;
const CODE = /^(```+|~~~+)[\s\S]*?^\1.*$|`[^`\n]*`/gm;

/** A template's links are those of the page that is made of it. */
const isNoPage = (path: string) => /node_modules|\.template\.md$/.test(path);

/** Links of our pages to files, folders and headings of ours that are not there. Addresses of others are not asked.
 *  @returns such as "README.md: docs/gone.md" */
export function deadLinks(root: string): string[] {
  const pages = globSync(PAGES, { cwd: root, exclude: isNoPage });
  return pages.sort().flatMap((page) => {
    const links = readFileSync(join(root, page), 'utf8').replace(CODE, '').matchAll(LINK);
    return [...links]
      .map(([, link = '']) => link)
      .filter((link) => !/^[a-z]+:/.test(link) && !leads(root, page, link))
      .map((link) => `${page}: ${link}`);
  });
}

function leads(root: string, page: string, link: string): boolean {
  const [path = '', heading] = decodeURI(link).split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (relative('.', target).startsWith('..')) return false;
  const found = statSync(join(root, target), { throwIfNoEntry: false });
  if (!found) return false;
  if (heading === undefined) return true;
  return found.isFile() && headings(readFileSync(join(root, target), 'utf8')).includes(heading);
}

/** The anchors of a page's headings, as hosts of repositories make them. */
function headings(text: string): string[] {
  const lines = text.replace(/^(```+|~~~+)[\s\S]*?^\1.*$/gm, '').matchAll(/^#+ +(.+?) *$/gm);
  return [...lines].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
