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
        // What no header can have is not sent.
        await page.keyboard.type('wrong €');
        await page.keyboard.press('Enter');
        assert.equal(await dialog.locator('input:invalid').count(), 1);
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
        // Without the token there is nothing that it has shown.
        await page.goto(`${base}/console#/accounts/10001`);
        await page.getByText('1\u202f000.00').first().waitFor();
        await page.getByRole('button', {name: 'Forget the token'}).click();
        await until(() => page.evaluate(() => sessionStorage.getItem('coffer-token') === null),
            'a tab without a token');
        await page.getByText('This account cannot be shown').waitFor();
        assert.equal(await page.getByText('1\u202f000.00').count(), 0);
        await page.goto(`${base}/console#/events`);
        await page.getByRole('button', {name: 'Enter a token'}).click();
        await dialog.getByLabel('Token').fill(process.env.CONSOLE_TOKEN);
        await page.keyboard.press('Enter');
        await page.getByText('Live').waitFor();
        await page.getByRole('button', {name: 'Forget the token'}).click();
        await page.getByText('Refused').waitFor();
    } finally {
        await browser.close();
    }
}
