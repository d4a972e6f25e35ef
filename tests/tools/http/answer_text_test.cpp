#include "tools/builtin/http/answer_text.h"

#include "tools/builtin/http/allowed_hosts.h"
#include "tools/json_pointer.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;

namespace {

net::HttpResponse answer(std::string type, std::string body) {
  net::HttpResponse made;
  made.status = 200;
  if (!type.empty()) made.headers = {{"content-type", std::move(type)}};
  made.body = std::move(body);
  return made;
}

std::string read(const net::HttpResponse& of, const Json& parts = nullptr) {
  auto text = answer_text(of, *read_answer_parts(parts));
  return text ? *text : "error: " + text.error().message;
}

const char* const kJson = R"({"data":{"name":"Ann","tags":["a","b"],"a/b":{"~":1}},"next":null})";

}  // namespace

TEST_CASE("of a JSON answer the parts are read that the settings name") {
  const auto json = answer("application/json; charset=utf-8", kJson);
  CHECK(read(json) == kJson);
  CHECK(read(json, "/data/name") == "Ann");
  CHECK(read(json, "/data/tags") == R"(["a","b"])");
  CHECK(read(json, "/data/tags/1") == "b");
  CHECK(read(json, "/data/a~1b/~0") == "1");
  CHECK(read(json, "/next") == "null");
  CHECK(read(json, {"/data/name", "/missing", "/next"}) == R"({"/data/name":"Ann","/next":null})");
  CHECK(read(json, {{"who", "/data/name"}, {"what", "/missing"}}) == R"({"who":"Ann"})");
}

TEST_CASE("an answer without the parts says what it has instead") {
  const auto json = answer("application/json", kJson);
  for (const char* pointer : {"/data/nam", "/data/tags/2", "/data/tags/01", "/data/tags/-", "/data/name/x"}) {
    CAPTURE(pointer);
    CHECK(read(json, pointer)
              .starts_with("error: the answer has nothing at `" + std::string(pointer) +
                           "`; it begins: {\"data\""));
  }
  CHECK(read(answer("text/html", "<p>Sign in</p>"), "/data").starts_with("error: the answer is not JSON"));
  CHECK(read(answer("text/html", "<p>Sign in</p>"), "/data").ends_with("Sign in"));
  CHECK(read(answer("", kJson), "/data/name") == "Ann");  // JSON by its form, where some of it is asked for
}

TEST_CASE("pages become their text, broken JSON and broken UTF-8 what can be read of them") {
  CHECK(read(answer("text/html", "<title>T</title><script>x()</script><p>Hello <b>you</b></p>"))
            .find("Hello you") != std::string::npos);
  CHECK(read(answer("application/json", "{broken")) == "{broken");
  CHECK(read(answer("text/plain",
                    "a\xff"
                    "b\xc3")) ==
        "a\xEF\xBF\xBD"
        "b\xEF\xBF\xBD");
  CHECK(page_title("<html><TITLE lang=en>A &amp; B\n c</title>") == "A & B c");
  CHECK(page_title("<p>none</p>") == "");
}

TEST_CASE("what is text is read unless the settings name the types") {
  for (const char* type : {"text/plain", "text/csv", "application/json", "application/problem+json",
                           "application/atom+xml", "application/x-ndjson", ""}) {
    CAPTURE(type);
    CHECK(readable(type, {}));
  }
  for (const char* type : {"image/png", "application/octet-stream", "application/pdf", "font/woff2"}) {
    CAPTURE(type);
    CHECK_FALSE(readable(type, {}));
  }
  CHECK(readable("application/json", {"Application/JSON"}));
  CHECK(readable("text/html", {"text/*"}));
  CHECK_FALSE(readable("text/html", {"application/json"}));
  CHECK_FALSE(readable("", {"application/json"}));
  CHECK(media_type(answer(" Text/HTML ; charset=x", "")) == "text/html");
}

TEST_CASE("hosts are allowed as they are, or below a domain") {
  auto hosts = AllowedHosts::make({"CRM.example", "*.shop.example", "10.0.0.1", "[::1]", "bücher.example"});
  REQUIRE_MESSAGE(hosts, (hosts ? std::string() : hosts.error().message));
  for (const char* host :
       {"crm.example", "a.shop.example", "b.a.shop.example", "10.0.0.1", "::1", "xn--bcher-kva.example"}) {
    CAPTURE(host);
    CHECK(hosts->allows(host));
  }
  for (const char* host : {"shop.example", "x.crm.example", "crm.example.evil.example", "evilshop.example",
                           ".shop.example", "10.0.0.2", ""}) {
    CAPTURE(host);
    CHECK_FALSE(hosts->allows(host));
  }
  for (const char* bad :
       {"https://crm.example", "crm.example/x", "*", "*crm.example", "a.*.example", "", "a b"}) {
    CAPTURE(bad);
    CHECK_FALSE(AllowedHosts::make({bad}));
  }
}
