"""The container image, made by buildah in a store of its own."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from packages import STATIC, need, need_static, package


class Image(unittest.TestCase):
    def setUp(self):
        need("buildah")
        need_static()
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        store = folder / "storage.conf"
        store.write_text(f'[storage]\ndriver="vfs"\ngraphroot="{folder}/root"\n'
                         f'runroot="{folder}/run"\n')
        self.env = {"CONTAINERS_STORAGE_CONF": str(store), "BUILDAH_ISOLATION": "chroot"}
        if self.buildah("images").returncode != 0:
            self.skipTest("buildah cannot run here")

    def buildah(self, *arguments):
        return subprocess.run(["buildah", *arguments], capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, env={**os.environ, **self.env})

    def test_the_image_has_the_binary_and_an_empty_folder_of_its_user(self):
        tag = package("image", "--tag", "coffer-test", env=self.env)
        self.assertEqual("coffer-test", tag)
        settings = json.loads(self.buildah("inspect", "--type", "image", tag).stdout)
        config = settings["OCIv1"]["config"]
        self.assertEqual("65532:65532", config["User"])
        self.assertEqual(["/coffer"], config["Entrypoint"])
        self.assertEqual(["serve"], config["Cmd"])
        self.assertEqual({"/data": {}}, config["Volumes"])
        self.assertIn("COFFER_DATA=/data", config["Env"])
        container = self.buildah("from", "--pull-never", tag).stdout.strip()
        try:
            mounted = pathlib.Path(self.buildah("mount", container).stdout.strip())
            self.assertTrue(mounted.is_absolute())
            self.assertEqual(["coffer", "data"], sorted(each.name for each in mounted.iterdir()))
            self.assertEqual(STATIC.read_bytes(), (mounted / "coffer").read_bytes())
            self.assertEqual(0o755, (mounted / "coffer").stat().st_mode & 0o777)
            owner = (mounted / "data").stat()
            self.assertEqual((65532, 65532), (owner.st_uid, owner.st_gid))
            self.assertEqual([], list((mounted / "data").iterdir()))
        finally:
            self.buildah("rm", container)


if __name__ == "__main__":
    unittest.main()
