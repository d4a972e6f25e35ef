#include "tools/builtin/http/request_template.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;

namespace {

ToolSettings to(std::string url, std::string method = "GET") {
  ToolSettings settings{.name = "crm", .type = "http"};
  settings.url.text = std::move(url);
  settings.method = std::move(method);
  return settings;
}

Json object_of(std::initializer_list<const char*> names) {
  Json schema{{"type", "object"}, {"properties", Json::object()}, {"required", Json::array()}};
  for (const char* name : names) {
    schema["properties"][name] = Json::object();
    schema["required"].push_back(name);
  }
  return schema;
}

net::HttpRequest filled(const ToolSettings& settings, const Json& arguments, std::string_view key = "K") {
  auto made = RequestTemplate::make(settings);
  REQUIRE_MESSAGE(made, (made ? std::string() : made.error().message));
  auto request = made->fill(arguments, key);
  REQUIRE_MESSAGE(request, (request ? std::string() : request.error().message));
  return *request;
}

std::string refusal(const ToolSettings& settings, const Json& arguments) {
  auto made = RequestTemplate::make(settings);
  REQUIRE_MESSAGE(made, (made ? std::string() : made.error().message));
  auto request = made->fill(arguments, "K");
  return request ? "filled: " + request->url : request.error().message;
}

std::string header(const net::HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers)
    if (key == name) return value;
  return "";
}

/// "field: text" of every problem.
std::string problems(const ToolSettings& settings) {
  std::string all;
  for (const SettingsProblem& one : RequestTemplate::problems(settings))
    all += one.field + ": " + one.text + "\n";
  return all;
}

}  // namespace

TEST_CASE("values go into a URL encoded for the place they stand in") {
  const auto settings = to("https://crm.example/a b/{id}/x-{id}?q={words}&fixed=1%2C2&bare");
  const auto request = filled(settings, {{"id", "7/../8?x=#1 ü%2e"}, {"words", "a&b=c d+e"}});
  CHECK(request.url ==
        "https://crm.example/a b/7%2F..%2F8%3Fx%3D%231%20%C3%BC%252e/"
        "x-7%2F..%2F8%3Fx%3D%231%20%C3%BC%252e?q=a%26b%3Dc%20d%2Be&fixed=1%2C2&bare");
}

TEST_CASE("no value makes another path of a path") {
  const auto settings = to("https://crm.example/users/{id}");
  for (const char* id : {"", ".", ".."}) {
    CAPTURE(id);
    CHECK(refusal(settings, {{"id", id}}).contains("`id` must be a name or a number"));
  }
  CHECK(filled(settings, {{"id", "..."}}).url == "https://crm.example/users/...");
  CHECK(filled(to("https://crm.example/users/u{id}"), {{"id", "."}}).url == "https://crm.example/users/u.");
}

TEST_CASE("numbers, truth values and structures are written as JSON has them, texts without quotes") {
  auto settings = to("https://crm.example/?n={n}&b={b}&o={o}");
  settings.input = object_of({"n", "b", "o"});
  CHECK(filled(settings, {{"n", 1.5}, {"b", true}, {"o", {{"a", 1}}}}).url ==
        "https://crm.example/?n=1.5&b=true&o=%7B%22a%22%3A1%7D");
}

TEST_CASE("a parameter without a value is left out, one with a list repeated") {
  auto settings = to("https://crm.example/find?a={a}");
  settings.query["tag"].text = "{tags}";
  settings.query["page"].text = "p{page}";
  settings.input = {
      {"type", "object"},
      {"properties", {{"a", Json::object()}, {"tags", Json::object()}, {"page", Json::object()}}}};
  CHECK(filled(settings, Json::object()).url == "https://crm.example/find");
  CHECK(filled(settings, {{"tags", {"x", "y&z"}}, {"page", nullptr}}).url ==
        "https://crm.example/find?tag=x&tag=y%26z");
  CHECK(filled(settings, {{"a", ""}, {"page", 2}}).url == "https://crm.example/find?a=&page=p2");
}

TEST_CASE("a default of the schema stands for what was not given") {
  auto settings = to("https://crm.example/{lang}/x?unit={unit}");
  settings.input = {{"properties", {{"lang", {{"default", "en"}}}, {"unit", {{"default", 5}}}}}};
  CHECK(filled(settings, Json::object()).url == "https://crm.example/en/x?unit=5");
  CHECK(filled(settings, {{"lang", "de"}, {"unit", 6}}).url == "https://crm.example/de/x?unit=6");
}

TEST_CASE("a value cannot begin another header") {
  auto settings = to("https://crm.example/");
  settings.headers["X-User"].text = "u:{user}";
  CHECK(header(filled(settings, {{"user", "ann, ü"}}), "X-User") == "u:ann, ü");
  for (const char* bad : {"a\r\nX-Admin: 1", "a\nb", "a\rb", "a\tb", "a\x7f"}) {
    CAPTURE(bad);
    CHECK(refusal(settings, {{"user", bad}}).contains("must be one line"));
  }
  settings.input = {{"properties", {{"user", Json::object()}}}};
  CHECK(header(filled(settings, Json::object()), "X-User") == "");
}

TEST_CASE("a JSON body is built of values, whatever they hold") {
  auto settings = to("https://crm.example/notes", "POST");
  settings.body.value = {{"note", {{"text", "{text}"}, {"by", "agent {who}"}, {"keep", 1}}},
                         {"tags", {"fixed", "{tag}"}},
                         {"maybe", "{maybe}"},
                         {"braces", "{{text}}"}};
  settings.input = {{"properties",
                     {{"text", Json::object()},
                      {"who", Json::object()},
                      {"tag", Json::object()},
                      {"maybe", Json::object()}}}};
  const auto request =
      filled(settings, {{"text", R"(","admin":true,"x":"{who})"}, {"who", "\"\n{text}"}, {"tag", {1, 2}}});
  CHECK(*parse_json(request.body) ==
        Json{{"note", {{"text", R"(","admin":true,"x":"{who})"}, {"by", "agent \"\n{text}"}, {"keep", 1}}},
             {"tags", {"fixed", {1, 2}}},
             {"braces", "{text}"}});
  CHECK(header(request, "Content-Type") == "application/json");
}

TEST_CASE("a missing argument takes a member along that it is the whole of, and is empty within a text") {
  auto settings = to("https://crm.example/notes", "POST");
  settings.body.value = {{"whole", "{a}"}, {"part", "text {a} end"}, {"list", {"{a}", "x"}}};
  settings.input = {{"properties", {{"a", Json::object()}}}};
  CHECK(filled(settings, Json::object()).body == R"({"part":"text  end","list":["x"]})");
  settings.body.value = "text {a} end";
  CHECK(filled(settings, Json::object()).body == "");
}

TEST_CASE("a brace is written twice, a closing one as well") {
  auto settings = to("https://crm.example/notes", "POST");
  settings.body.value = "{{x}} {a}";
  CHECK(filled(settings, {{"a", 1}}).body == "{x} 1");
  settings.body.value = "{{x}";
  CHECK(problems(settings).contains("has a brace that belongs to no `{name}`"));
}

TEST_CASE("arguments that have no place are the body where there can be one") {
  auto settings = to("https://crm.example/users/{id}", "PATCH");
  settings.input = object_of({"id", "name"});
  settings.input["properties"]["vip"] = {{"default", false}};
  CHECK(filled(settings, {{"id", 7}, {"name", "Ann"}}).body == R"({"vip":false,"name":"Ann"})");

  settings.body.value = "{name}";  // one argument as it is
  settings.input = object_of({"id", "name"});
  CHECK(filled(settings, {{"id", 7}, {"name", {{"first", "Ann"}}}}).body == R"({"first":"Ann"})");
}

TEST_CASE("form fields and plain texts are bodies, too") {
  auto form = to("https://crm.example/login", "POST");
  form.form["user"].text = "{user}";
  form.form["note"].text = "{note}";
  form.input = {{"properties", {{"user", Json::object()}, {"note", Json::object()}}}};
  const auto request = filled(form, {{"user", "a&b=c"}});
  CHECK(request.body == "user=a%26b%3Dc");
  CHECK(header(request, "Content-Type") == "application/x-www-form-urlencoded");

  auto text = to("https://crm.example/say", "POST");
  text.body.value = "Hello {who}!";
  CHECK(filled(text, {{"who", "Ann"}}).body == "Hello Ann!");
  CHECK(header(filled(text, {{"who", "Ann"}}), "Content-Type") == "text/plain; charset=utf-8");
}

TEST_CASE("a call that is not pure bears its key, unless the settings say where it goes") {
  CHECK(header(filled(to("https://crm.example/"), Json::object()), "Idempotency-Key") == "");
  CHECK(header(filled(to("https://crm.example/", "POST"), Json::object()), "Idempotency-Key") == "K");
  CHECK(header(filled(to("https://crm.example/", "DELETE"), Json::object()), "Idempotency-Key") == "K");
  auto search = to("https://crm.example/", "POST");
  search.effect = "pure";
  CHECK(header(filled(search, Json::object()), "Idempotency-Key") == "");
  auto own = to("https://crm.example/{idempotency_key}", "PUT");
  own.headers["idempotency-key"].text = "k-{idempotency_key}";
  const auto request = filled(own, Json::object());
  CHECK(request.url == "https://crm.example/K");
  CHECK(header(request, "idempotency-key") == "k-K");
  CHECK(header(request, "Idempotency-Key") == "");
}

TEST_CASE("without an input schema every place is a text that must be given") {
  const auto made = RequestTemplate::make(to("https://crm.example/{id}?q={q}&k={idempotency_key}"));
  REQUIRE(made);
  CHECK(made->input() == Json{{"type", "object"},
                              {"properties", {{"id", {{"type", "string"}}}, {"q", {{"type", "string"}}}}},
                              {"required", {"id", "q"}},
                              {"additionalProperties", false}});
}

TEST_CASE("a place that the schema does not have is a problem at its field") {
  auto settings = to("https://crm.example/{idd}");
  settings.input = object_of({"id"});
  CHECK(problems(settings).contains(
      "url: has a place for `idd`, which `input` does not have; did you mean `id`"));
  settings.url.text = "https://crm.example/{id}";
  settings.headers["X-A"].text = "{a}";
  CHECK(problems(settings) == "headers.X-A: has a place for `a`, which `input` does not have; it has id\n");
  settings.headers.clear();
  settings.method = "POST";
  settings.body.value = {{"a", {1, {{"b", "{c}"}}}}};
  CHECK(problems(settings).contains("body.a[1].b: has a place for `c`"));
}

TEST_CASE("settings that cannot work are refused with what to write") {
  const auto of_url = [](const char* url) { return problems(to(url)); };
  CHECK(of_url("ftp://crm.example/").contains("url: must begin with http"));
  CHECK(of_url("https://{host}/x").contains("must not decide who is asked"));
  CHECK(of_url("https://crm.example:{port}/x").contains("must not decide who is asked"));
  CHECK(of_url("https://me:pw@crm.example/x").contains("Authorization"));
  CHECK(of_url("https://crm.example/x#y").contains("fragment"));
  CHECK(of_url("https://crm.example/{").contains("brace"));
  CHECK(of_url("https://crm.example/a}b").contains("brace"));
  CHECK(of_url("https://crm.example/{a b}").contains("brace"));
  CHECK(of_url("https://crm.example/?{a}=b").contains("parameter's name"));
  CHECK(of_url("https:///x").contains("url: "));

  auto settings = to("https://crm.example/");
  settings.body.value = {{"a", 1}};
  CHECK(problems(settings).contains("body: a GET has no body"));
  settings.method = "POST";
  settings.form["a"].text = "b";
  CHECK(problems(settings).contains("form: is one body too many"));

  auto pasted = to("https://crm.example/", "POST");
  pasted.body.value = R"({{"a": "{x}"}})";
  pasted.headers["Content-Type"].text = "application/json";
  CHECK(problems(pasted).contains("body: is pasted text"));

  auto input = to("https://crm.example/{id}");
  input.input = {{"properties", {{"id", Json::object()}}}};
  CHECK(problems(input).contains("input: must require `id`"));
  input.input = object_of({"id", "lost"});
  CHECK(problems(input).contains("input: has `lost`, which goes nowhere"));
  input.input = {{"type", "array"}};
  CHECK(problems(input).contains("its `type` must be object"));
  input.input = {{"properties", {{"id", {{"type", "strng"}}}}}, {"required", {"id"}}};
  CHECK(problems(input).contains("input: "));

  auto hosts = to("https://crm.example/");
  hosts.allow_hosts = {"other.example"};
  CHECK(problems(hosts).contains("allow_hosts: does not have `crm.example`"));
  hosts.allow_hosts = {"*.example"};
  CHECK(problems(hosts) == "");
  hosts.response = {{"name", "data/name"}};
  CHECK(problems(hosts).contains("response: `data/name`: a JSON pointer begins with `/`"));

  auto status = to("https://crm.example/pay", "POST");
  status.status.url.text = "https://crm.example/pay/{id}";
  CHECK(problems(status).contains("status.url: can have a place for `idempotency_key` only"));
  status.status.url.text = "https://crm.example/pay";
  CHECK(problems(status).contains("has no place for the key"));
  status.status.url.text = "https://other.example/pay/{idempotency_key}";
  CHECK(problems(status).contains("its host `other.example` is not in `allow_hosts`"));
}

TEST_CASE("a problem with a text that may be secret does not show it") {
  auto settings = to("https://crm.example/");
  settings.headers["Authorization"] = {.text = "Bearer se{cret", .hidden = {"Bearer se{cret"}};
  CHECK(problems(settings).contains("headers.Authorization: has a brace"));
  CHECK_FALSE(problems(settings).contains("se{cret"));
}
