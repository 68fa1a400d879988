// One file: script and style go into the page, and with them the licences of what is bundled.
import fs from "node:fs";
import path from "node:path";
import { defineConfig } from "vite";

// The folder of the package to which a bundled module belongs.
function packageOf(id) {
  const file = id.replace(/^\0/, "").split("?")[0];
  const at = file.lastIndexOf("/node_modules/");
  if (at < 0) return null;
  const parts = file.slice(at + "/node_modules/".length).split("/");
  return path.join(file.slice(0, at), "node_modules", ...parts.slice(0, parts[0].startsWith("@") ? 2 : 1));
}

// A package that is published as one built file may have its dependencies in it: they are named too.
function withInlined(modules) {
  const folders = new Set(modules.map(packageOf).filter(Boolean));
  for (const id of modules.filter((name) => name.includes("/dist/"))) {
    const folder = packageOf(id);
    if (!folder) continue;
    const root = folder.slice(0, folder.lastIndexOf("/node_modules/") + "/node_modules/".length);
    const about = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
    for (const name of Object.keys(about.dependencies ?? {})) folders.add(path.join(root, name));
  }
  return [...folders].sort();
}

// Packages with one text are listed together above it.
function licences(modules) {
  const folders = withInlined(modules);
  const texts = new Map();
  for (const folder of folders) {
    const about = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
    const file = fs.readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    const author = typeof about.author === "object" ? about.author.name : about.author;
    const text = file ? fs.readFileSync(path.join(folder, file), "utf8").trim() : `Copyright ${author ?? ""}`;
    const names = texts.get(text) ?? [];
    names.push(`${about.name} ${about.version} (${about.license})`);
    texts.set(text, names);
  }
  return [...texts].map(([text, names]) => `${names.join(", ")}\n\n${text}`).join(`\n\n${"-".repeat(60)}\n\n`);
}

const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");

const oneFile = {
  name: "one-file",
  enforce: "post",
  generateBundle(_, bundle) {
    const html = Object.values(bundle).find((file) => file.fileName.endsWith(".html"));
    let page = html.source.replace(/\n\s*\n/g, "\n");
    for (const file of Object.values(bundle)) {
      if (file.type === "chunk") {
        // Inside a page "</script" would end the script, and "<!--" would hide its end.
        const code = file.code.trim().replace(/<\/(script)/gi, "<\\/$1").replace(/<!--/g, "<\\!--");
        page = page.replace(/<script type="module"[^>]*src="[^"]*"[^>]*><\/script>/, "");
        page = page.replace("</body>", () => `<script type="module">${code}</script>\n</body>`);
        page = page.replace("<!--licences-->", () => escape(licences(Object.keys(file.modules))));
      } else if (file.fileName.endsWith(".css")) {
        page = page.replace(/<link rel="stylesheet"[^>]*>/, () => `<style>${file.source.toString().trim()}</style>`);
      } else {
        continue;
      }
      delete bundle[file.fileName];
    }
    html.source = page;
    html.fileName = "report.html";
  },
};

export default defineConfig({
  base: "./",
  plugins: [oneFile],
  build: { target: "es2022", modulePreload: false, cssCodeSplit: false, assetsInlineLimit: 1e6, reportCompressedSize: false },
});
