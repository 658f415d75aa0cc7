// Checks pages against the HTML standard: takes {address: html} as JSON from its input, prints the faults as JSON.

import { readFileSync } from "node:fs";
import { HtmlValidate, StaticConfigLoader } from "html-validate";

const validator = new HtmlValidate(
  new StaticConfigLoader({
    root: true,
    extends: ["html-validate:standard", "html-validate:a11y"],
    rules: {
      // Templates leave spaces and empty lines behind; no reader sees them.
      "no-trailing-whitespace": "off",
      // Where a void element or an attribute is written in one of several right ways, any is right.
      "void-style": "off",
      "doctype-style": "off",
      "attribute-boolean-style": "off",
      "attribute-empty-style": "off",
      "long-title": "off",
      // A button in a form sends it, which is what ours are for.
      "no-implicit-button-type": "off",
      // A table that is drawn as blocks on a phone loses its roles in some browsers unless they are said.
      "no-redundant-role": "off",
      // A scrolling box round a table is a region with a name; a section would be one too, and no better.
      "prefer-native-element": "off",
      // A passkey is asked for by a script, and its form has nothing that a press could send.
      "wcag/h32": "off",
      "no-inline-style": "error",
    },
  }),
);

const pages = JSON.parse(readFileSync(0, "utf8"));
const faults = [];
for (const [address, html] of Object.entries(pages)) {
  const { results } = await validator.validateString(html, address);
  for (const { line, message, ruleId } of results.flatMap((result) => result.messages)) {
    faults.push(`${address}, line ${line}: ${message} (${ruleId})`);
  }
}
process.stdout.write(JSON.stringify(faults));
