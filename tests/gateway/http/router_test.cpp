#include "gateway/http/router.h"

#include "gateway/http/json_body.h"
#include "runtime/base/json.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::gateway;

namespace {

Router routes(std::vector<std::pair<std::string, std::string>> all) {
  Router router;
  for (auto& [method, path] : all) router.add({.method = method, .path = path});
  return router;
}

Router some() {
  return routes({{"GET", "/things"},
                 {"POST", "/things"},
                 {"GET", "/things/{thing}"},
                 {"DELETE", "/things/{thing}"},
                 {"POST", "/things/all"},
                 {"POST", "/things/{thing}/parts/{part}"}});
}

int status(const Router& router, const char* method, const char* path) {
  auto found = router.find(method, path);
  return found ? 200 : found.error().status;
}

std::string message(const net::ServerReply& reply) {
  return (*parse_json(reply.body))["error"]["message"];
}

net::ServerRequest with_body(std::string body, std::string type = "application/json") {
  net::ServerRequest request{.method = "POST", .path = "/"};
  if (!type.empty()) request.headers.emplace_back("content-type", type);
  request.body = std::move(body);
  return request;
}

}  // namespace

TEST_CASE("a path in braces is any one segment, decoded; a path that is named goes first") {
  const Router router = some();
  auto one = router.find("GET", "/things/a%20b%2Fc");
  REQUIRE(one);
  CHECK(one->route->path == "/things/{thing}");
  CHECK(one->names == std::vector<std::string>{"a b/c"});
  auto two = router.find("POST", "/things/x/parts/y");
  REQUIRE(two);
  CHECK(two->names == std::vector<std::string>{"x", "y"});
  auto named = router.find("POST", "/things/all");
  REQUIRE(named);
  CHECK(named->names.empty());
  CHECK(router.find("HEAD", "/things")->route->method == "GET");
}

TEST_CASE("what is nowhere is 404, and what it was meant to be is said") {
  const Router router = some();
  for (const char* path : {"/", "/thing", "/things/", "/things//parts/y", "/things/a/b", "/Things",
                           "/things/a/parts/b/c", "things/../x"})
    CHECK_MESSAGE(status(router, "GET", path) == 404, path);
  CHECK(message(router.find("GET", "/thing").error()).find("did you mean `/things`?") != std::string::npos);
  CHECK(message(router.find("POST", "/things/a1/prts/b2").error())
            .find("did you mean `/things/a1/parts/b2`?") != std::string::npos);
  CHECK(message(router.find("GET", "/nowhere/at/all").error()).find("there are: /things, /things/{thing}") !=
        std::string::npos);
  const std::string endless = "/" + std::string(5000, 'x');
  CHECK(message(router.find("GET", endless).error()).size() < 400);
}

TEST_CASE("a method that a path does not have is 405 with those it has") {
  const Router router = some();
  auto wrong = router.find("PUT", "/things");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().status == 405);
  CHECK(wrong.error().headers.back() == std::pair<std::string, std::string>("Allow", "GET, HEAD, POST"));
  // Nor does a thing of the name `all` stand in for the path.
  CHECK(status(router, "DELETE", "/things/all") == 405);
  CHECK(status(router, "HEAD", "/things/x/parts/y") == 405);
  CHECK(status(router, "get", "/things") == 405);
  CHECK(status(router, "", "/things") == 405);
}

TEST_CASE("a name that is not encoded rightly is 400") {
  const Router router = some();
  for (const char* path : {"/things/%", "/things/%2", "/things/%zz", "/things/a%00b"})
    CHECK_MESSAGE(status(router, "GET", path) == 400, path);
}

TEST_CASE("a query is read once, with its limits") {
  auto query = Query::parse("a=1&b=x%26y+z&c&&d=");
  REQUIRE(query);
  CHECK(query->text("a") == "1");
  CHECK(query->text("b") == "x&y z");
  CHECK(query->find("c") != nullptr);
  CHECK(query->find("e") == nullptr);
  CHECK(*query->count("a", 7, 9) == 1);
  CHECK(*query->count("e", 7, 9) == 7);
  for (const char* wrong :
       {"n=0", "n=-1", "n=10", "n=", "n=1x", "n=99999999999999999999999", "n=1.0", "n=+1"})
    CHECK_MESSAGE(!Query::parse(wrong)->count("n", 7, 9), wrong);
  CHECK(query->only({"a", "b", "c", "d"}));
  CHECK(query->only({"a", "b", "c", "dd"}).error().message.find("`d`") != std::string::npos);
  CHECK(Query::parse("limti=3")->only({"limit"}).error().message.find("did you mean `limit`?") !=
        std::string::npos);
  CHECK(Query::parse("x=3")->only({}).error().message.find("takes none") != std::string::npos);
  for (const char* wrong : {"a=1&a=2", "a=%", "%zz=1", "a=%00"}) CHECK_MESSAGE(!Query::parse(wrong), wrong);
  std::string many;
  for (std::size_t i = 0; i < Query::kParameters; ++i) many += "p" + std::to_string(i) + "=1&";
  CHECK(Query::parse(many));
  CHECK_FALSE(Query::parse(many + "one=more").has_value());
}

TEST_CASE("a body is a JSON object, or the answer says what it is instead, and where") {
  CHECK((*json_object_of(with_body(R"({"a":1})")))["a"] == 1);
  CHECK(json_object_of(with_body("{}", "Application/JSON; charset=utf-8")));
  CHECK(json_object_of(with_body("{}", "application/problem+json")));
  CHECK(json_object_of(with_body("{}", "")));
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "json", "application/json2"}) {
    auto other = json_object_of(with_body("{}", type));
    REQUIRE_FALSE(other);
    CHECK(other.error().status == 415);
    CHECK(message(other.error()).find(type) != std::string::npos);
  }
  net::ServerRequest packed = with_body("{}");
  packed.headers.emplace_back("content-encoding", "gzip");
  CHECK(json_object_of(packed).error().status == 415);
  auto broken = json_object_of(with_body(R"({"a":1,)"));
  REQUIRE_FALSE(broken);
  CHECK(broken.error().status == 400);
  CHECK(message(broken.error()).find("offset ") != std::string::npos);
  for (const char* body : {"", "[]", "null", "1", "\"x\"", "{\"a\":1,\"a\":2}", "{} x", "\xff"})
    CHECK_MESSAGE(json_object_of(with_body(body)).error().status == 400, body);
  CHECK(json_object_of(with_body(std::string(100'000, '['))).error().status == 400);
}

TEST_CASE("every failure has a status, and says when to come back where it knows") {
  CHECK(failure_reply({.code = ErrorCode::not_found}).status == 404);
  CHECK(failure_reply({.code = ErrorCode::store}).status == 500);
  const auto busy = failure_reply({.code = ErrorCode::busy, .retry_after = std::chrono::milliseconds(1500)});
  CHECK(busy.status == 429);
  CHECK(busy.headers.back() == std::pair<std::string, std::string>("Retry-After", "2"));
}
