// Where there are tokens the page asks for one, and this tab alone keeps it.
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {Browser, until} from './browser.mjs';

export async function tokenPrompt(base, folder) {
    const browser = await Browser.open(base);
    const {page, context} = browser;
    try {
        await page.goto(`${base}/console#/accounts`);
        const dialog = page.getByRole('dialog');
        await dialog.waitFor();
        await page.screenshot({path: join(folder, 'token.png')});
        assert.deepEqual(await browser.violations(), []);
        await page.keyboard.type('wrong');
        await page.keyboard.press('Enter');
        await page.getByRole('alert').filter({hasText: 'refused the last one'}).waitFor();
        await dialog.getByLabel('Token').fill(process.env.CONSOLE_TOKEN);
        await page.keyboard.press('Enter');
        await page.locator('tr', {hasText: '10001'}).waitFor();
        await page.reload();
        await page.locator('tr', {hasText: '10001'}).waitFor();
        assert.equal(await dialog.count(), 0);
        const kept = await page.evaluate(() => [localStorage.length, document.cookie]);
        assert.deepEqual(kept, [0, '']);
        // What the token may not do is refused in the page.
        await page.goto(`${base}/console#/snapshots`);
        await page.getByText('The snapshots cannot be shown').waitFor();
        const other = await context.newPage();
        await other.goto(`${base}/console`);
        await other.getByRole('dialog').waitFor();
        await other.getByRole('button', {name: 'Not now'}).click();
        await other.getByRole('button', {name: 'Enter a token'}).waitFor();
        await page.getByRole('button', {name: 'Forget the token'}).click();
        await until(() => page.evaluate(() => sessionStorage.getItem('coffer-token') === null),
            'a tab without a token');
    } finally {
        await browser.close();
    }
}
