import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";

/**
 * The environment without node_modules/.bin in its PATH: npm must not run on the Node that it is about to replace.
 * npm finds itself again through npm_execpath, which names the npm that the user called.
 */
export function outerEnvironment(root) {
  const env = { ...process.env };
  const path = (env.PATH ?? "").split(delimiter).filter((folder) => !folder.startsWith(join(root, "node_modules")));
  env.PATH = path.join(delimiter);
  delete env.NODE_ENV; // "production" would leave out what the tests need
  return env;
}

/** Runs a program and keeps what it says for the case that it fails. */
export function capture(program, args, options) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const listen = (chunk) => {
      output += chunk;
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.on("error", (error) => resolve({ ok: false, output: output + error.message }));
    child.on("close", (code) => resolve({ ok: code === 0, output }));
  });
}

export function npm(folder, args) {
  const env = outerEnvironment(folder);
  const called = process.env.npm_execpath;
  if (called?.endsWith(".js") && !called.startsWith(join(folder, "node_modules"))) {
    return capture("node", [called, ...args], { cwd: folder, env, shell: process.platform === "win32" });
  }
  return capture("npm", args, { cwd: folder, env, shell: process.platform === "win32" });
}
