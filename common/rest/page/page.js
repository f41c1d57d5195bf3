"use strict";
// Shows the OpenAPI document and sends calls to the node it came from. Text is only ever put in as text.

const METHODS = ["get", "post", "patch", "delete"];

function make(tag, content, ...children) {
  const element = document.createElement(tag);
  if (content) element.textContent = content;
  element.append(...children);
  return element;
}

function resolved(schema, whole) {
  if (!schema || !schema.$ref) return schema;
  return schema.$ref.slice(2).split("/").reduce((place, name) => place[name], whole);
}

function example(schema, whole, depth = 0) {
  const found = resolved(schema, whole);
  if (!found || depth > 6) return null;
  if ("default" in found) return found.default;
  if (found.enum) return found.enum[0];
  if (found.anyOf) return example(found.anyOf[0], whole, depth + 1);
  if (found.type === "object") {
    return Object.fromEntries(
      Object.entries(found.properties || {}).map(([name, value]) => [name, example(value, whole, depth + 1)]),
    );
  }
  if (found.type === "array") return [];
  if (found.type === "integer" || found.type === "number") return found.minimum || 0;
  return found.type === "boolean" ? false : "";
}

function parameterRow(parameter) {
  const input = make("input");
  input.name = parameter.name;
  input.dataset.where = parameter.in;
  input.setAttribute("aria-label", parameter.name);
  const row = make("tr", "", make("td", "", make("code", parameter.name)), make("td", "", input));
  row.append(make("td", parameter.description || ""));
  return row;
}

function parameterTable(parameters) {
  const table = make("table");
  table.append(...parameters.filter((one) => one.name !== "Accept-Language").map(parameterRow));
  return table;
}

function bodyPart(operation, whole) {
  if (!operation.requestBody) return null;
  const [type, content] = Object.entries(operation.requestBody.content)[0];
  const area = make("textarea");
  area.value = JSON.stringify(example(content.schema, whole), null, 2);
  area.dataset.type = type;
  area.setAttribute("aria-label", "body");
  return area;
}

function addressOf(path, inputs) {
  const query = new URLSearchParams();
  let address = path;
  for (const input of inputs) {
    if (input.dataset.where === "path") address = address.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.dataset.where === "query" && input.value) query.append(input.name, input.value);
  }
  const text = query.toString();
  return text ? `${address}?${text}` : address;
}

function headersOf(inputs, area) {
  const headers = { "Accept-Language": document.getElementById("language").value };
  const token = document.getElementById("token").value;
  if (token) headers.Authorization = `Bearer ${token}`;
  for (const input of inputs) if (input.dataset.where === "header" && input.value) headers[input.name] = input.value;
  if (area) headers["Content-Type"] = area.dataset.type;
  return headers;
}

async function send(method, path, place, area, answer) {
  const inputs = [...place.querySelectorAll("input")];
  const options = { method: method.toUpperCase(), headers: headersOf(inputs, area), body: area ? area.value : undefined };
  try {
    const response = await fetch(addressOf(path, inputs), options);
    const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    const text = await response.text();
    let shown = text;
    if ((response.headers.get("content-type") || "").startsWith("application/json")) {
      shown = JSON.stringify(JSON.parse(text), null, 2);
    }
    answer.textContent = `${response.status}\n${headers}\n\n${shown}`;
  } catch (error) {
    answer.textContent = String(error);
  }
}

function operationPart(method, path, operation, shared, whole) {
  const place = make("div");
  place.append(parameterTable([...shared, ...(operation.parameters || [])]));
  const area = bodyPart(operation, whole);
  if (area) place.append(area);
  const answer = make("pre", Object.entries(operation.responses).map(([code, one]) => `${code}  ${one.description}`).join("\n"));
  const button = make("button", "Send");
  button.addEventListener("click", () => send(method, path, place, area, answer));
  place.append(button, answer);
  const title = make("summary");
  const name = make("span", method.toUpperCase());
  name.className = "method";
  title.append(name, make("code", path), ` ${operation.summary || ""}`);
  return make("details", "", title, place);
}

async function show() {
  const response = await fetch("/openapi.json");
  const whole = await response.json();
  document.getElementById("title").textContent = `${whole.info.title} ${whole.info.version}`;
  const main = document.getElementById("operations");
  for (const tag of whole.tags) {
    main.append(make("h2", tag.name));
    for (const [path, item] of Object.entries(whole.paths)) {
      for (const method of METHODS) {
        const operation = item[method];
        if (operation && operation.tags.includes(tag.name)) {
          main.append(operationPart(method, path, operation, item.parameters || [], whole));
        }
      }
    }
  }
}

show().catch((error) => document.getElementById("operations").append(make("p", String(error))));
