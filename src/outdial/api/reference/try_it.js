"use strict";
// Lets a reader of the documentation page find operations, copy command lines and send requests from the page itself.
// Asks this host alone. Whatever comes back is put in as text, never as HTML. The access token lives in its field, and
// nowhere else: it is gone with the page.
(() => {
  const TOLD = [
    "Content-Type", "Content-Length", "Content-Range", "ETag", "Location", "Retry-After", "RateLimit",
    "RateLimit-Policy", "WWW-Authenticate", "Allow", "Idempotent-Replayed",
  ];
  const LONGEST_SHOWN = 200000;
  const base = location.origin + location.pathname.replace(/\/docs\/*$/i, "");
  const known = new Map();  // Values of parameters that earlier replies gave, such as the id of a call.
  let made = 0;

  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  function labelled(text, control) {
    control.id = `try-${++made}`;
    return [make("label", {htmlFor: control.id}, text), control];
  }

  // The access token, and finding operations.

  const token = make("input", {type: "text", autocomplete: "off", spellcheck: false, className: "secret"});
  addEventListener("pagehide", () => { token.value = ""; });  // Browsers may keep a page for whoever goes back to it.
  const wanted = make("input", {type: "search", autocomplete: "off"});
  const count = make("p", {className: "count"});
  count.setAttribute("role", "status");
  document.getElementById("tools").append(
    ...labelled("Access token", token), make("p", {className: "count"}, "Kept in this page only, until it is left."),
    ...labelled("Find operations", wanted), count,
  );

  const articles = [...document.querySelectorAll("article[data-try]")];
  const words = new Map(articles.map((article) => {
    const section = article.closest("section").querySelector("h2").textContent;
    return [article, `${section} ${article.querySelector("summary").textContent}`.toLowerCase()];
  }));

  function find() {
    const asked = wanted.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = new Set();
    for (const article of articles) {
      article.hidden = !asked.every((word) => words.get(article).includes(word));
      if (!article.hidden) found.add(`#${article.querySelector("[id]").id}`);
    }
    for (const item of document.querySelectorAll("#contents li")) {
      item.hidden = !found.has(item.querySelector("a").getAttribute("href"));
    }
    for (const list of document.querySelectorAll("#contents .tag, #contents .group")) {
      list.hidden = !list.querySelector("li:not([hidden])");
    }
    for (const section of document.querySelectorAll("section.operations")) {
      section.hidden = !section.querySelector("article:not([hidden])");
    }
    for (const each of document.querySelectorAll("#start, #schemas")) each.hidden = asked.length > 0;
    count.textContent = asked.length ? `${found.size} of ${articles.length} operations` : "";
  }
  wanted.addEventListener("input", find);

  // Links into what is closed.

  function open(hash) {
    const target = hash.length > 1 && document.getElementById(decodeURIComponent(hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) {
      wanted.value = "";
      find();
    }
    for (let around = target.closest("details"); around; around = around.parentElement.closest("details")) {
      around.open = true;
    }
    (target.closest("article, details") || target).scrollIntoView();
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.hash === location.hash) open(link.hash);
  });
  addEventListener("hashchange", () => open(location.hash));
  if (matchMedia("(max-width: 54rem)").matches) document.getElementById("contents").open = false;

  // Copying.

  async function copy(text) {
    try {
      return await navigator.clipboard.writeText(text);
    } catch {
      // The page came over plain HTTP, or the browser does not allow it: the old way.
      const area = make("textarea", {value: text, readOnly: true});
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      if (!done) throw new Error("not copied");
    }
  }

  for (const line of document.querySelectorAll("pre.curl")) {
    const button = make("button", {type: "button", className: "copy"}, "Copy");
    button.setAttribute("aria-label", "Copy the command line");
    const around = make("div", {className: "line"});
    line.replaceWith(around);
    around.append(line, button);
    button.addEventListener("click", async () => {
      const told = await copy(line.textContent).then(() => "Copied", () => "Not copied");
      button.textContent = told;
      button.setAttribute("aria-label", told);
      setTimeout(() => {
        button.textContent = "Copy";
        button.setAttribute("aria-label", "Copy the command line");
      }, 2000);
    });
  }

  // Sending requests. A form is made when its operation is opened for the first time.

  function field(parameter) {
    const choices = parameter.choices.length ? ["", ...parameter.choices] : [];
    const control = choices.length
      ? make("select", {}, ...choices.map((choice) => make("option", {value: choice}, choice)))
      : make("input", {type: "text", autocomplete: "off", spellcheck: false, placeholder: parameter.example});
    const given = known.get(parameter.name);
    if (parameter.required) control.value = given || parameter.example;
    control.required = parameter.required;
    const row = make("div", {className: "field"});
    row.append(...labelled(`${parameter.name}${parameter.required ? "" : " (optional)"}`, control));
    return {parameter, control, row};
  }

  function bodyFields(bodies) {
    if (!bodies.length) return null;
    if (bodies[0].type === "application/octet-stream") {
      const file = make("input", {type: "file", required: true});
      return {type: {value: bodies[0].type}, file, rows: [make("div", {className: "field wide"}, ...labelled("File", file))]};
    }
    const type = make("input", {type: "text", autocomplete: "off", spellcheck: false});
    const text = make("textarea", {rows: 8, spellcheck: false});
    const choice = make("select", {}, ...bodies.map((body, place) => make("option", {value: place}, body.title)));
    const fill = () => {
      const body = bodies[choice.value];
      type.value = body.type;
      text.value = body.text;
      text.rows = Math.min(16, body.text.split("\n").length + 1);
    };
    choice.addEventListener("change", fill);
    fill();
    const rows = [make("div", {className: "field"}, ...labelled("Content-Type", type))];
    if (bodies.length > 1) rows.unshift(make("div", {className: "field"}, ...labelled("Example", choice)));
    rows.push(make("div", {className: "field wide"}, ...labelled("Body", text)));
    return {type, text, rows};
  }

  function requestOf(operation, fields, body) {
    let path = operation.path;
    const query = new URLSearchParams();
    const headers = new Headers();
    for (const {parameter, control} of fields) {
      const value = control.value;
      if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
      else if (value && parameter.in === "query") query.append(parameter.name, value);
      else if (value) headers.set(parameter.name, value);
    }
    if (operation.token && token.value.trim()) headers.set("Authorization", `Bearer ${token.value.trim()}`);
    const request = {method: operation.method, headers, cache: "no-store", credentials: "omit"};
    if (body) {
      headers.set("Content-Type", body.type.value);
      const form = body.type.value.startsWith("application/x-www-form-urlencoded");
      if (body.file) request.body = body.file.files[0];
      else request.body = form ? formOf(body.text.value) : body.text.value;
    }
    const asked = query.toString();
    return [`${base}${path}${asked ? `?${asked}` : ""}`, request];
  }

  function formOf(text) {
    const form = new URLSearchParams();
    for (const line of text.split("\n").filter((each) => each.includes("="))) {
      form.append(line.slice(0, line.indexOf("=")).trim(), line.slice(line.indexOf("=") + 1).trim());
    }
    return form.toString();
  }

  function pretty(text, type) {
    if (!/^application\/([\w.-]+\+)?json/i.test(type)) return text;
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return text;
    }
  }

  async function showText(response, type, out) {
    const shown = make("pre", {tabIndex: 0});
    shown.setAttribute("aria-label", "Body of the reply");
    const streamed = type.startsWith("text/event-stream");
    const reader = response.body ? response.body.pipeThrough(new TextDecoderStream()).getReader() : null;
    let text = "";
    for (let part = reader && await reader.read(); part && !part.done; part = await reader.read()) {
      text += part.value;
      if (streamed) {
        text = text.slice(-LONGEST_SHOWN);
        shown.textContent = text;
        if (!shown.isConnected) out.append(shown);
      }
    }
    if (streamed || !text) return text;
    const whole = pretty(text, type);
    shown.textContent = whole.length > LONGEST_SHOWN ? `${whole.slice(0, LONGEST_SHOWN)}\n… and more` : whole;
    out.append(shown);
    return text;
  }

  async function showSound(response, type, out) {
    const address = URL.createObjectURL(await response.blob());
    const name = type.includes("ogg") ? "recording.ogg" : "recording.wav";
    const save = make("a", {href: address, download: name}, `Save ${name}`);
    out.append(make("audio", {controls: true, src: address}), make("p", {}, save));
  }

  function showHeaders(response, out) {
    const list = make("dl");
    for (const name of TOLD) {
      const value = response.headers.get(name);
      if (value !== null) list.append(make("dt", {}, name), make("dd", {}, value));
    }
    if (list.children.length) out.append(list);
  }

  function learn(operation, text) {
    let reply;
    try {
      reply = JSON.parse(text);
    } catch {
      return "";
    }
    for (const [parameter, member] of Object.entries(operation.gives)) {
      if (typeof reply[member] !== "string") continue;
      known.set(parameter, reply[member]);
      for (const control of document.querySelectorAll(`[data-fills="${CSS.escape(parameter)}"]`)) {
        control.value = reply[member];
      }
    }
    if (typeof reply.access_token !== "string") return "";
    token.value = reply.access_token;
    return " The token is now used by this page.";
  }

  function trying(article) {
    const operation = JSON.parse(article.dataset.try);
    const fields = operation.parameters.map(field);
    for (const {parameter, control} of fields) if (parameter.required) control.dataset.fills = parameter.name;
    const body = bodyFields(operation.bodies);
    const send = make("button", {type: "submit", className: "send"}, "Send");
    const stop = make("button", {type: "button", hidden: true}, "Stop");
    const status = make("p", {className: "status"});
    status.setAttribute("role", "status");
    const out = make("div", {className: "reply"});
    const form = make(
      "form", {}, ...fields.map((each) => each.row), ...(body ? body.rows : []),
      make("p", {className: "buttons"}, send, " ", stop), status, out,
    );
    let cancel = null;
    stop.addEventListener("click", () => cancel.abort());
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (cancel) return;
      cancel = new AbortController();
      stop.hidden = false;
      for (const sound of out.querySelectorAll("audio")) URL.revokeObjectURL(sound.src);
      out.replaceChildren();
      status.className = "status";
      status.textContent = "Sent; waiting for the reply.";
      const began = performance.now();
      let told = "";
      try {
        const [url, request] = requestOf(operation, fields, body);
        const response = await fetch(url, {...request, signal: cancel.signal});
        const took = Math.round(performance.now() - began);
        told = `${`${response.status} ${response.statusText}`.trim()} after ${took} ms.`;
        if (response.status === 401 && operation.token && !token.value) told += " The access token above is empty.";
        status.classList.add(`s${Math.floor(response.status / 100)}`);
        status.textContent = told;
        showHeaders(response, out);
        const type = response.headers.get("Content-Type") || "";
        if (type.startsWith("audio/")) await showSound(response, type, out);
        else status.textContent = told + learn(operation, await showText(response, type, out));
      } catch (error) {
        const stopped = error.name === "AbortError";
        status.textContent = `${told} ${stopped ? "Stopped." : `No reply: ${error.message}`}`.trim();
      } finally {
        cancel = null;
        stop.hidden = true;
      }
    });
    const first = [...article.querySelectorAll("h4")].find((each) => each.textContent === "Responses");
    first.before(make("h4", {}, "Try it"), form);
  }

  for (const article of articles) {
    const details = article.querySelector("details");
    const begin = () => {
      if (details.open && !article.querySelector("form")) trying(article);
    };
    details.addEventListener("toggle", begin);
    begin();
  }
  open(location.hash);
})();
