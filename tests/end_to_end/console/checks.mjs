// The checks of console_test.py: node checks.mjs NAME BASE FOLDER. Screenshots go to FOLDER.
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {api, Browser, until} from './browser.mjs';
import {foreignPage} from './foreign_page.mjs';
import {oneKey, ownPostingShows} from './postings.mjs';
import {tokenPrompt} from './token_prompt.mjs';

const [name, base, folder] = process.argv.slice(2);
const money = (text) => Number(text.replaceAll(/[^\d.]/g, ''));

async function withBrowser(options, use) {
    const browser = await Browser.open(base, options);
    try {
        await use(browser, browser.page);
    } finally {
        await browser.close();
    }
}

const tile = (page, label) => page.locator('.tile', {hasText: label}).locator('dd');
const picture = (page) => page.locator('canvas').first().evaluate((one) => one.toDataURL());
const balance = async (page) => money(await tile(page, 'Balance').innerText());

/** How long frames take, from one to the next, over so many milliseconds. */
const frames = (page, ms) => page.evaluate((length) => new Promise((resolve) => {
    const times = [];
    const step = (time) => {
        times.push(time);
        if (time - times[0] < length) {
            requestAnimationFrame(step);
        } else {
            resolve(times.slice(1).map((one, i) => one - times[i]));
        }
    };
    requestAnimationFrame(step);
}), ms);

const checks = {
    async charts_move() {
        await withBrowser({}, async (browser, page) => {
            const begin = Date.now();
            await page.goto(`${base}/console`);
            const has = async (label) => money(await tile(page, label).innerText()) > 0;
            await until(() => has('Accounts'), 'a figure');
            const usable = Date.now() - begin;
            await until(() => has('Operations'), 'a rate');
            const before = await picture(page);
            await until(async () => await picture(page) !== before, 'another picture');
            const deltas = (await frames(page, 4000)).sort((a, b) => a - b);
            await page.waitForTimeout(6000);
            await page.screenshot({path: join(folder, 'overview-light.png')});
            const rate = 1000 * deltas.length / deltas.reduce((sum, one) => sum + one, 0);
            console.log(`usable after ${usable} ms; ${rate.toFixed(1)} frames a second, `
                + `99 % within ${deltas[Math.floor(deltas.length * 0.99)].toFixed(1)} ms`);
            // It is to be 1 s and 60 frames, but this machine may have much else to do.
            assert.ok(usable < 5000, `usable after ${usable} ms`);
            assert.ok(rate >= 20, `${rate} frames a second`);
        });
    },

    async withdrawal_by_keyboard() {
        await withBrowser({}, async (browser, page) => {
            await browser.show('accounts');
            await page.getByLabel('Find an account').focus();
            await page.keyboard.type('10001');
            await page.keyboard.press('Enter');
            await until(async () => await balance(page) === 1000, 'the balance');
            // The heading has the focus; the choice of operations comes first behind it.
            await page.keyboard.press('Tab');
            await page.keyboard.press('ArrowRight');
            await page.keyboard.press('Tab');
            await page.keyboard.type('100.5');
            await page.keyboard.press('Enter');
            await page.getByText('Done. The new balance is').waitFor();
            assert.equal((await api(base, '/accounts/10001/balance')).balance, 899.5);
            await until(async () => await balance(page) === 899.5, 'the new balance');
            await page.locator('td', {hasText: 'withdrawal'}).waitFor();
            const focused = await page.evaluate(() => document.activeElement.tagName);
            assert.equal(focused, 'INPUT');
        });
    },

    async deposit_elsewhere() {
        await withBrowser({}, async (browser, page) => {
            await browser.show('accounts/10002');
            await until(async () => await balance(page) === 2000, 'the balance');
            await api(base, '/accounts/10002/deposit', {amount: 0.25});
            await until(async () => await balance(page) === 2000.25, 'the new balance');
            await page.getByRole('button', {name: 'Show newer postings'}).click();
            await page.locator('td', {hasText: 'deposit'}).waitFor();
        });
    },

    async refusals() {
        await withBrowser({}, async (browser, page) => {
            await browser.show('accounts/10003');
            await page.getByText('Withdraw', {exact: true}).click();
            await page.getByLabel('Amount').fill('1000000');
            await page.getByRole('button', {name: 'Withdraw'}).click();
            const alert = page.getByRole('alert').filter({hasText: 'insufficient funds'});
            await alert.waitFor();
            assert.match(await alert.innerText(), /more than what is available.*available: 3000/);
            await page.getByLabel('Amount').fill('<b>x</b>');
            await page.getByRole('button', {name: 'Withdraw'}).click();
            await page.getByRole('alert').filter({hasText: 'not a number'}).waitFor();
            assert.equal((await api(base, '/accounts/10003')).sequence, 1);
        });
    },

    async holds() {
        await withBrowser({}, async (browser, page) => {
            await browser.show('accounts/10004');
            await page.getByText('Hold', {exact: true}).first().click();
            await page.getByLabel('Amount').fill('40');
            await page.getByRole('button', {name: 'Place the hold'}).click();
            await page.getByText('is placed. Available now: 3\u202f960.00').waitFor();
            await page.getByRole('button', {name: /^Capture hold/}).click();
            await page.getByRole('dialog').getByLabel('Amount').fill('30');
            await page.getByRole('dialog').getByLabel('To account').fill('10005');
            await page.getByRole('dialog').getByRole('button', {name: 'Capture'}).click();
            await page.getByText('No open holds').waitFor();
            assert.equal((await api(base, '/accounts/10004')).available, 3970);
            assert.equal((await api(base, '/accounts/10005')).balance, 5030);
            await page.getByText('Transfer', {exact: true}).click();
            await page.getByLabel('To account').fill('10006');
            await page.getByLabel('Amount').fill('70');
            await page.getByRole('button', {name: 'Transfer'}).click();
            await page.getByText('Done. The new balance is 3\u202f900.00').waitFor();
        });
    },

    async events_and_snapshots() {
        await withBrowser({}, async (browser, page) => {
            await browser.show('events');
            await page.getByText('Live').waitFor();
            await api(base, '/accounts/10007/deposit', {amount: 12.5});
            await page.locator('tr', {hasText: '+12.50'}).waitFor();
            await page.locator('nav').getByText('Snapshots').click();
            await until(async () => {
                await page.reload();
                await page.locator('table, .empty').first().waitFor();
                return await page.getByRole('button', {name: 'Compare'}).isEnabled();
            }, 'a second snapshot');
            await page.getByRole('radio', {name: 'From 1.json'}).check();
            await page.getByRole('button', {name: 'Compare'}).click();
            await page.getByText('From snapshot 1.json').waitFor();
            await page.locator('tr', {hasText: '7\u202f012.50'}).waitFor();
            await page.screenshot({path: join(folder, 'snapshots.png')});
        });
    },

    async accessibility() {
        const places = ['', 'accounts', 'accounts/10001', 'events', 'snapshots'];
        await api(base, '/accounts/10001/holds', {amount: 40});
        for (const scheme of ['light', 'dark']) {
            for (const width of [1280, 390]) {
                const options = {scheme, width, reducedMotion: 'reduce'};
                await withBrowser(options, async (browser, page) => {
                    for (const place of places) {
                        await browser.show(place);
                        await page.waitForTimeout(1500);
                        const shown = place.replace('/', '-') || 'overview';
                        await page.screenshot(
                            {path: join(folder, `${shown}-${scheme}-${width}.png`)});
                        const found = await browser.violations();
                        assert.deepEqual(found, [], `#/${place}, ${scheme}, ${width}`);
                        const wide = await page.evaluate(() =>
                            document.documentElement.scrollWidth - innerWidth);
                        assert.ok(wide <= 0, `#/${place} is ${wide} px wider than ${width}`);
                    }
                });
            }
        }
    },

    async theme_and_focus() {
        await withBrowser({scheme: 'dark'}, async (browser, page) => {
            await browser.show('');
            const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
            assert.equal(await theme(), 'dark');
            await page.getByRole('button', {name: 'Use light colours'}).click();
            assert.equal(await theme(), 'light');
            await page.reload();
            assert.equal(await theme(), 'light');
            await page.locator('nav').getByText('Accounts').click();
            await until(() => page.evaluate(() => document.activeElement.tagName === 'H1'),
                'the focus');
        });
    },

    async standby() {
        await withBrowser({}, async (browser, page) => {
            await browser.show('accounts/10001');
            await page.getByText('This node is a standby').waitFor();
            const link = page.getByRole('link', {name: 'Go to the leader'});
            assert.equal(await link.getAttribute('href'), `${process.env.LEADER}/console`);
            await until(async () => await balance(page) === Number(process.env.BALANCE),
                'the balance');
            await until(async () => {
                const forms = page.locator('main form');
                const shown = [];
                for (const one of await forms.all()) {
                    shown.push(await one.isVisible());
                }
                return shown.length > 0 && !shown.includes(true);
            }, 'forms that are hidden');
            await browser.show('nodes');
            for (const [node, role] of [['a', 'leader'], ['b', 'standby']]) {
                const head = page.getByRole('rowheader', {name: node, exact: true});
                await page.locator('tr', {has: head}).getByText(role, {exact: true}).waitFor();
            }
            assert.deepEqual(await browser.violations(), []);
        });
    },

    one_key: () => withBrowser({}, (browser) => oneKey(browser)),
    own_posting_shows: () => withBrowser({}, (browser) => ownPostingShows(browser)),
    foreign_page: () => foreignPage(base),
    token_prompt: () => tokenPrompt(base, folder),
};

await checks[name]();
