// A browser for one check of the console, and what goes wrong in it.
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

const require = createRequire(join(process.env.CONSOLE_PACKAGES, 'package.json'));
const {chromium} = require('playwright-core');
const axe = require.resolve('axe-core/axe.min.js');
const flags = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
export const patience = 20_000;

export class Browser {
    /** Texts of the console that are errors, and addresses at other hosts. */
    complaints = [];

    static async open(base, {width = 1280, height = 900, scheme = 'light', ...more} = {}) {
        const made = new Browser();
        made.base = base;
        made.profile = mkdtempSync(join(tmpdir(), 'coffer-chromium-'));
        made.context = await chromium.launchPersistentContext(made.profile, {
            executablePath: process.env.CHROMIUM, headless: true,
            args: [...flags, ...more.flags ?? []],
            viewport: {width, height}, colorScheme: scheme, locale: 'en-GB', timezoneId: 'UTC',
            reducedMotion: more.reducedMotion ?? 'no-preference',
        });
        made.page = made.context.pages()[0] ?? await made.context.newPage();
        made.page.setDefaultTimeout(patience);
        made.watch(made.page);
        return made;
    }

    watch(page) {
        page.on('console', (message) => {
            // A refusal of the API is no fault of the page.
            const isRefusal = message.text().startsWith('Failed to load resource');
            if (message.type() === 'error' && !isRefusal) {
                this.complaints.push(message.text());
            }
        });
        page.on('pageerror', (error) => this.complaints.push(String(error.stack)));
        page.on('request', (request) => {
            const url = new URL(request.url());
            if (url.origin !== new URL(this.base).origin && url.protocol !== 'data:') {
                this.complaints.push(`a request to ${url.origin}`);
            }
        });
    }

    async show(place) {
        await this.page.goto(`${this.base}/console#/${place}`);
        await this.page.locator('h1').waitFor();
    }

    /** What axe-core finds, as texts. */
    async violations() {
        // Not by a script element, which the page's policy does not allow.
        await this.page.evaluate(`${await this.axe()}`);
        return this.page.evaluate(async () => {
            const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
            const found = await window.axe.run(document, {runOnly: tags});
            return found.violations.map((one) => `${one.id}: ${one.help}: `
                + one.nodes.map((node) => node.html.slice(0, 160)).join(' | '));
        });
    }

    async axe() {
        const {readFile} = await import('node:fs/promises');
        return readFile(axe, 'utf8');
    }

    async close() {
        await this.context.close();
        rmSync(this.profile, {recursive: true, force: true});
        assert.deepEqual(this.complaints, []);
    }
}

/** Waits until `holds` returns something true. */
export async function until(holds, what) {
    const end = Date.now() + patience;
    for (;;) {
        const found = await holds();
        if (found) {
            return found;
        }
        assert.ok(Date.now() < end, `it did not come: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

/** The data of an answer of the API. */
export async function api(base, path, body) {
    const reply = await fetch(base + path, body === undefined ? {} : {
        method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body),
    });
    const read = await reply.json();
    assert.ok(read.success, JSON.stringify(read));
    return read.data;
}
