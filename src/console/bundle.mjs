// Bundles the pages: node bundle.mjs FROM TO. The same sources make the same bytes.
//
// TO/console.html, with TO/console.policy, and TO/report.js and .css are made of what is in FROM
// and of TO/node_modules. The policy allows just that script and that style, by their hashes.
import {createHash} from 'node:crypto';
import {createRequire} from 'node:module';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

const [from, to] = process.argv.slice(2);
const require = createRequire(join(to, 'package.json'));
const esbuild = require('esbuild');
const maxBytes = 150_000;

/** One entry as its script and its style sheet, minified. */
function bundle(entry) {
    const {outputFiles} = esbuild.buildSync({
        entryPoints: [join(from, entry)],
        outdir: 'out',
        bundle: true,
        minify: true,
        write: false,
        format: 'iife',
        target: 'es2022',
        charset: 'utf8',
        legalComments: 'none',
        nodePaths: [join(to, 'node_modules')],
        tsconfig: join(from, 'tsconfig.json'),
    });
    const textOf = (ending) =>
        outputFiles.find((file) => file.path.endsWith(ending))?.text.trimEnd() ?? '';
    return {script: textOf('.js'), style: textOf('.css')};
}

/** What uPlot's licence asks for wherever it is copied to. */
const licence = readFileSync(join(to, 'node_modules', 'uplot', 'LICENSE'), 'utf8').trim();

function withLicence({script, style}) {
    return {script: `/* uPlot\n${licence.replaceAll('*/', '')}\n*/\n${script}`, style};
}

function hash(text) {
    return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function policy({script, style}) {
    return [
        "default-src 'none'", `script-src ${hash(script)}`, `style-src ${hash(style)}`,
        "connect-src 'self'", "img-src data:", "frame-ancestors 'none'", "base-uri 'none'",
        "form-action 'none'",
    ].join('; ');
}

const page = withLicence(bundle('console.ts'));
// Not by a text as the replacement: `$` means something there.
const html = readFileSync(join(from, 'console.html'), 'utf8')
    .replace('/* style */', () => page.style)
    .replace('/* script */', () => page.script);
if (Buffer.byteLength(html) > maxBytes) {
    throw new Error(`the console has ${Buffer.byteLength(html)} bytes, more than ${maxBytes}`);
}
writeFileSync(join(to, 'console.html'), html);
writeFileSync(join(to, 'console.policy'), policy(page));

const report = withLicence(bundle('report.ts'));
writeFileSync(join(to, 'report.js'), report.script);
writeFileSync(join(to, 'report.css'), report.style);
