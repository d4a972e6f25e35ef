#include "tools/builtin/openapi/openapi_tool.h"

#include "tests/fakes/fixtures.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/temp_dir.h"
#include "tests/tools/fake_context.h"
#include "tools/builtin/openapi/document.h"
#include "tools/toolbox.h"

#include <fstream>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

using Names = std::vector<std::string>;

ToolSettings pets() {
  ToolSettings settings{.name = "pets", .type = "openapi"};
  settings.document = fakes::fixture_path("openapi/pets.yaml");
  return settings;
}

openapi::Chosen chosen(const ToolSettings& settings) {
  return openapi::choose(settings, fakes::read_fixture("openapi/pets.yaml"));
}

std::string problems(const ToolSettings& settings) {
  std::string all;
  for (const SettingsProblem& one : chosen(settings).problems) all += one.field + ": " + one.text + "\n";
  return all;
}

/// The operation of that id.
openapi::Operation operation(const std::string& id) {
  auto all = openapi::read_operations(*openapi::read_document(fakes::read_fixture("openapi/pets.yaml")));
  REQUIRE(all);
  for (openapi::Operation& one : *all)
    if (one.id == id) return std::move(one);
  FAIL("no operation " << id);
  return {};
}

std::string url_of(const std::string& id, const Json& arguments) {
  auto request = openapi::request_for(operation(id), "https://pets.example/v1/", arguments, {});
  return request ? request->url : "error: " + request.error().message;
}

struct Service {
  Service()
      : peer([](const PeerRequest& request) { return PeerReply::json(dump({{"target", request.target}})); }) {
    http = net::make_curl_client(fake.loop, {.allow_private = {"127.0.0.1"}}, net::Guarding::guarded);
  }
  ToolTable tools(ToolSettings settings) {
    settings.base_url = peer.url("/v1");
    auto made = make_section(
        settings, {fake.clock, *http, "Troupe/test", Patience{3, Milliseconds(1), Milliseconds(20)}});
    REQUIRE_MESSAGE(made, (made ? std::string() : made.error().message));
    return *made;
  }
  Result<ToolOutput> call(const ToolSettings& settings, const std::string& name, Json arguments) {
    const ToolTable table = tools(settings);
    REQUIRE(table.contains(name));
    return fakes::run(fake.loop, table.at(name)->call(ToolInput{std::move(arguments), "KEY"}, fake.context));
  }
  PeerRequest last() const { return peer.requests().back(); }

  fakes::FakeContext fake;
  HttpPeer peer;
  std::unique_ptr<net::HttpClient> http;
};

}  // namespace

TEST_CASE("openapi: every operation that can be is a tool, the others say why not") {
  const auto all = chosen(pets());
  CHECK(all.problems.empty());
  CHECK(all.names == Names{"pets/listPets", "pets/addPet", "pets/getPet", "pets/get_pet",
                           "pets/get__odd__a___b__x", "pets/login"});
  CHECK(all.operations[0].server == "https://pets.example/v1");
  REQUIRE(all.passed_over.size() == 1);
  CHECK(all.passed_over[0] == "`upload`: its body is neither JSON nor a form, but multipart/form-data");
}

TEST_CASE("openapi: operations are chosen by id, tag and method") {
  auto settings = pets();
  settings.operations = {"getPet", "addPet"};
  CHECK(chosen(settings).names == Names{"pets/addPet", "pets/getPet"});
  settings.methods = {"GET"};
  CHECK(chosen(settings).names == Names{"pets/getPet"});
  settings.operations.clear();
  settings.tags = {"pets"};
  CHECK(chosen(settings).names == Names{"pets/listPets", "pets/getPet"});
}

TEST_CASE("openapi: what is chosen and is not there is a problem at its place") {
  auto settings = pets();
  settings.operations = {"getPet", "getPets", "upload"};
  CHECK(problems(settings).contains(
      "operations[1]: the document has no operation `getPets`; did you mean `getPet`"));
  CHECK(problems(settings).contains("operations: `upload`: its body is neither JSON nor a form"));
  settings = pets();
  settings.tags = {"pet"};
  CHECK(problems(settings).contains("tags[0]: the document has no tag `pet`; did you mean `pets`"));
  settings.tags = {"files"};
  CHECK(problems(settings).contains("document: no tool can be made of it: `upload`"));
  settings.tags.clear();
  settings.methods = {"PATCH"};
  CHECK(problems(settings).contains("document: none of its operations is chosen"));
  settings = pets();
  settings.security["kez"].text = "x";
  CHECK(
      problems(settings).contains("security: the document has no security scheme `kez`; did you mean `key`"));
  settings.security = {{"cookie", {.text = "x"}}};
  CHECK(problems(settings).contains("security: the security scheme `cookie` is a key in a cookie"));
}

TEST_CASE("openapi: a tool is declared with what a model may send, and nothing that only describes") {
  const Json input = operation("addPet").input;
  const Json& body = input["properties"]["body"];
  CHECK(input["required"] == Json{"body"});
  CHECK(body["required"] == Json{"name"});  // the id is the server's to give
  CHECK_FALSE(body["properties"].contains("id"));
  CHECK(body["properties"]["name"] == Json{{"type", "string"}, {"minLength", 1}});
  CHECK(body["properties"]["age"]["type"] == Json{"integer", "null"});
  CHECK(body["properties"]["mother"] == Json{{"description", "its mother"}});  // a pet in a pet is cut

  const Json list = operation("listPets").input;
  CHECK(list["properties"]["limit"] == Json{{"type", "integer"}, {"minimum", 1}, {"maximum", 100}});
  CHECK(list["properties"].contains("filter_kind_"));
  CHECK(list["properties"].contains("X-Trace"));
  CHECK_FALSE(list["properties"].contains("session"));
  CHECK(list["additionalProperties"] == false);
  CHECK(operation("getPet").input["properties"]["petId"] ==
        Json{{"type", "string"}, {"description", "which pet"}});
}

TEST_CASE("openapi: parameters are written as their style says") {
  CHECK(url_of("listPets", Json::object()) == "https://pets.example/v1/pets");
  CHECK(url_of("listPets", {{"limit", 5}, {"tags", {"a b", "c&d"}}, {"ids", {1, 2}}}) ==
        "https://pets.example/v1/pets?limit=5&tags=a%20b&tags=c%26d&ids=1,2");
  CHECK(url_of("listPets", {{"near", {{"lat", 1.5}, {"lon", -2}}}, {"filter_kind_", "cat"}}) ==
        "https://pets.example/v1/pets?near%5Blat%5D=1.5&near%5Blon%5D=-2&filter%5Bkind%5D=cat");
  CHECK(url_of("listPets", {{"limit", nullptr}}) == "https://pets.example/v1/pets");
  CHECK(url_of("get /odd/{a},{b}/x", {{"a", {"x/y", "z"}}, {"b", {{"k", "v w"}}}}) ==
        "https://pets.example/v1/odd/x%2Fy,z,k=v%20w/x");
  const auto request =
      openapi::request_for(operation("listPets"), "https://h.example", {{"X-Trace", "t-1"}}, {});
  CHECK(request->headers == net::Headers{{"X-Trace", "t-1"}});
}

TEST_CASE("openapi: no argument makes another path or header of a request") {
  CHECK(url_of("getPet", {{"petId", "../admin?x#y"}}) == "https://pets.example/v1/pets/..%2Fadmin%3Fx%23y");
  for (const char* id : {"", ".", ".."})
    CHECK(url_of("getPet", {{"petId", id}}).contains("`petId` must be a name or a number"));
  CHECK(url_of("getPet", Json::object()).contains("is missing"));
  const auto bad =
      openapi::request_for(operation("listPets"), "https://h.example", {{"X-Trace", "a\r\nX-Admin: 1"}}, {});
  REQUIRE_FALSE(bad);
  CHECK(bad.error().message.contains("must be one line"));
}

TEST_CASE("openapi: calls show who asks by the schemes that the operation wants") {
  Service service;
  auto settings = pets();
  settings.security = {
      {"key", {.text = "k-4711"}}, {"basic", {.text = "ann:pw"}}, {"query", {.text = "q&1"}}};
  REQUIRE(service.call(settings, "pets/listPets", Json::object()));
  CHECK(service.last().header("x-key") == "k-4711");
  CHECK(service.last().target == "/v1/pets");
  CHECK_FALSE(service.last().has_header("authorization"));
  REQUIRE(service.call(settings, "pets/addPet", {{"body", {{"name", "Rex"}}}}));
  CHECK(service.last().header("authorization") == "Basic YW5uOnB3");
  CHECK(service.last().body == R"({"name":"Rex"})");
  CHECK(service.last().header("content-type") == "application/json");
  CHECK(service.last().header("idempotency-key") == "KEY");
  REQUIRE(service.call(settings, "pets/getPet", {{"petId", "7"}}));  // everybody may
  CHECK_FALSE(service.last().has_header("x-key"));
  REQUIRE(service.call(settings, "pets/login", {{"body", {{"user", "a&b"}, {"roles", {"x", "y"}}}}}));
  CHECK(service.last().target == "/v1/login?api_key=q%261");
  CHECK(service.last().body == "user=a%26b&roles=x&roles=y");
  settings.security = {{"token", {.text = "t-1"}}};
  REQUIRE(service.call(settings, "pets/addPet", {{"body", {{"name", "Rex"}}}}));
  CHECK(service.last().header("authorization") == "Bearer t-1");
}

TEST_CASE("openapi: a key that the service shows is masked") {
  Service service;
  service.peer.answer([](const PeerRequest& request) {
    return PeerReply(
        401, "no: " + std::string(request.header("x-key")) + std::string(request.header("authorization")));
  });
  auto settings = pets();
  settings.security = {{"key", {.text = "k-4711-k"}}, {"basic", {.text = "ann:password"}}};
  for (const char* name : {"pets/listPets", "pets/addPet"}) {
    const auto output = service.call(settings, name, {{"body", {{"name", "Rex"}}}});
    REQUIRE_FALSE(output);
    CHECK(output.error().message.contains("answered HTTP 401: no: ***"));
    CHECK_FALSE(output.error().message.contains("4711"));
    CHECK_FALSE(output.error().message.contains("YW5u"));
  }
}

TEST_CASE("openapi: effects follow the methods") {
  Service service;
  const ToolTable table = service.tools(pets());
  CHECK(table.at("pets/listPets")->spec().effect == Effect::pure);
  CHECK(table.at("pets/addPet")->spec().effect == Effect::at_most_once);
  CHECK(table.at("pets/get_pet")->spec().effect == Effect::idempotent);
  const auto box = Toolbox::make(table, {"pets/getPet"});
  REQUIRE(box);
  CHECK_FALSE(box->prepare("pets__getPet", {{"petId", 7}, {"more", 1}}));
}

TEST_CASE("openapi: the server of the document is asked, unless the settings say another") {
  auto settings = pets();
  settings.base_url = "https://staging.example/api";
  CHECK(chosen(settings).operations[0].server == "https://staging.example/api");
  const char* relative = R"(openapi: 3.0.3
servers: [{ url: /v2 }]
paths: { /x: { get: { operationId: x, responses: {} } } }
)";
  settings.base_url.clear();
  const auto lost = openapi::choose(settings, relative);
  REQUIRE(lost.problems.size() == 1);
  CHECK(lost.problems[0].field == "base_url");
  CHECK(lost.problems[0].text.contains("only `/v2`"));
}

TEST_CASE("openapi: documents that cannot be used are refused with the reason") {
  const auto refusal = [](std::string_view text) {
    const auto document = openapi::read_document(text);
    auto operations = document ? openapi::read_operations(*document) : fail(document.error());
    return operations ? std::string() : operations.error().message;
  };
  CHECK(refusal("swagger: '2.0'\npaths: { /x: {} }").contains("Swagger 2.0"));
  CHECK(refusal("openapi: 4.0.0\npaths: { /x: {} }").contains("OpenAPI `4.0.0` is not read"));
  CHECK(refusal("title: x").contains("no OpenAPI document"));
  CHECK(refusal("openapi: 3.1.0").contains("no `paths`"));
  CHECK(
      refusal("openapi: 3.1.0\npaths: { /x: { $ref: 'other.yaml' } }").contains("leads out of the document"));
  CHECK(refusal("openapi: 3.1.0\npaths: { /x: { $ref: '#/paths/~1x' } }").contains("in a circle"));
  CHECK(refusal("openapi: 3.1.0\npaths: { /x: { $ref: '#/nothing' } }").contains("leads to nothing"));
  CHECK(refusal("openapi: 3.1.0\n  bad indent: [").contains("line 2"));
  CHECK(refusal("{\"openapi\": \"3.0.0\", ").contains("cannot be read"));
  CHECK(refusal("").contains("no OpenAPI document"));
  CHECK(refusal(R"({"openapi": "3.0.0", "paths": {"/x": {"get": {}}}})") == "");
}

TEST_CASE("openapi: obstacles are named for what they are") {
  const auto obstacle = [](const std::string& operation_text) {
    const auto document =
        openapi::read_document("openapi: 3.0.0\npaths:\n  /x/{id}:\n    get:\n" + operation_text);
    REQUIRE(document);
    return openapi::read_operations(*document)->front().obstacle;
  };
  CHECK(obstacle("      parameters: []").contains("its path has `{id}`, which is no parameter"));
  const std::string id =
      "      parameters:\n        - { name: id, in: path, required: true, schema: {type: string} }\n";
  CHECK(obstacle(id) == "");
  CHECK(obstacle(id + "        - { name: c, in: cookie, required: true }").contains("wants the cookie `c`"));
  CHECK(obstacle(id + "        - { name: m, in: query, style: matrix }").contains("has the style `matrix`"));
  CHECK(obstacle(id + "        - { $ref: '#/components/nothing' }").contains("leads to nothing"));
  CHECK(obstacle(id + "        - { name: t, in: query, schema: { type: nonsense } }")
            .contains("its schema cannot be enforced"));
}

TEST_CASE("openapi: no tool is made with a reference that leads out of the document or to nothing") {
  const std::string head =
      "openapi: 3.1.0\nservers: [{ url: https://h.example }]\npaths:\n"
      "  /fine: { get: { operationId: fine } }\n"
      "  /x:\n    post:\n      operationId: broken\n";
  const std::string tail =
      "components:\n  schemas:\n    Text: hello\n    Deep: { properties: { a: { $ref: '#/nowhere' } } }\n"
      "    Anchored: { $anchor: pet, type: object }\n"
      "    Circle: { $ref: '#/components/schemas/Circle' }\n";
  const auto body = [](const std::string& schema) {
    return "      requestBody: { content: { application/json: { schema: " + schema + " } } }\n";
  };
  const auto query = [](const std::string& schema) {
    return "      parameters: [{ name: q, in: query, schema: " + schema + " }]\n";
  };
  struct Broken {
    std::string written, why;
  };
  for (const auto& [written, why] : {
           Broken{body("{ $ref: 'other.yaml#/X' }"),
                  "its argument `body`: `$ref: other.yaml#/X` leads out of the document; bundle it into one"},
           Broken{body("{ $ref: '#/components/schemas/Nope' }"),
                  "its argument `body`: `$ref: #/components/schemas/Nope` leads to nothing"},
           Broken{body("{ $ref: '#/components/schemas/Text' }"), "leads to what is no schema"},
           Broken{body("{ $ref: '#/components/schemas/Circle' }"), "leads in a circle"},
           Broken{body("{ $ref: '#pet' }"), "names an `$anchor`"},
           Broken{body("{ $ref: 7 }"), "a `$ref` is no text"},
           Broken{body("{ $ref: '#/components/schemas/Deep' }"), "`$ref: #/nowhere` leads to nothing"},
           Broken{body("{ allOf: [{ type: object }, { $ref: '#/no' }] }"), "`$ref: #/no` leads to nothing"},
           Broken{body("{ items: { anyOf: [{ $ref: '#/no' }] } }"), "`$ref: #/no` leads to nothing"},
           Broken{body("{ additionalProperties: { $ref: '#/no' } }"), "`$ref: #/no` leads to nothing"},
           Broken{body("{ not: { $ref: '#/no' } }"), "`$ref: #/no` leads to nothing"},
           Broken{query("{ $ref: '#/no' }"), "its argument `q`: `$ref: #/no` leads to nothing"},
           Broken{query("{ items: { $ref: 'https://h.example/s.json' } }"), "leads out of the document"},
           Broken{"      parameters: [{ $ref: 'other.yaml#/p' }]\n", "leads out of the document"},
           Broken{"      requestBody: { $ref: '#/components/requestBodies/b' }\n", "leads to nothing"},
       }) {
    CAPTURE(written);
    const std::string document = head + written + tail;
    ToolSettings settings{.name = "s", .type = "openapi"};
    const auto all = openapi::choose(settings, document);
    CHECK(all.problems.empty());
    CHECK(all.names == Names{"s/fine"});
    REQUIRE(all.passed_over.size() == 1);
    CHECK_MESSAGE(all.passed_over[0].starts_with("`broken`: "), all.passed_over[0]);
    CHECK_MESSAGE(all.passed_over[0].contains(why), all.passed_over[0]);
    settings.operations = {"broken"};
    const auto named = openapi::choose(settings, document);
    REQUIRE(named.problems.size() == 1);
    CHECK(named.problems[0].field == "operations");
    CHECK_MESSAGE(named.problems[0].text.contains(why), named.problems[0].text);
  }
}

TEST_CASE("openapi: what only looks like a broken reference is none") {
  const std::string document =
      "openapi: 3.1.0\nservers: [{ url: https://h.example }]\npaths:\n  /x:\n    post:\n      operationId: "
      "x\n"
      "      requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Node' } } } "
      "}\n"
      "components:\n  schemas:\n"
      "    Node:\n      type: object\n      properties:\n"
      "        next: { $ref: '#/components/schemas/Node' }\n"
      "        tree: { $ref: '#/components/schemas/Tree' }\n"
      "        $ref: { type: string, const: { $ref: '#/no' } }\n"
      "        any: { $ref: '#/components/schemas/Any' }\n"
      "        none: { $ref: '#/components/schemas/None' }\n"
      "        given: { readOnly: true, allOf: [{ $ref: '#/no' }] }\n"
      "        slash: { $ref: '#/components/schemas/a~1b%20c' }\n"
      "    Tree: { type: array, items: { $ref: '#/components/schemas/Tree' } }\n"
      "    Any: true\n    None: false\n    a/b c: { type: integer }\n";
  const auto all = openapi::choose({.name = "s", .type = "openapi"}, document);
  CHECK(all.passed_over.empty());
  REQUIRE(all.operations.size() == 1);
  const Json& members = all.operations[0].input["properties"]["body"]["properties"];
  CHECK(members["next"] == Json::object());
  CHECK(members["tree"] == Json{{"type", "array"}, {"items", Json::object()}});
  CHECK(members["$ref"]["const"] == Json{{"$ref", "#/no"}});
  CHECK(members["any"] == Json::object());
  CHECK(members["none"] == Json{{"not", Json::object()}});
  CHECK_FALSE(members.contains("given"));
  CHECK(members["slash"] == Json{{"type", "integer"}});
}

TEST_CASE("openapi: no tool is made of a body that none can send, required or not") {
  const auto read = [](const std::string& body) {
    const auto document = openapi::read_document(
        "openapi: 3.0.0\npaths:\n  /x:\n    post:\n      operationId: x\n      requestBody: " + body + "\n");
    REQUIRE(document);
    return openapi::read_operations(*document)->front();
  };
  for (const char* required : {"", "required: true, ", "required: false, "}) {
    CAPTURE(required);
    const std::string begin = std::string("{ ") + required + "content: { ";
    CHECK(read(begin + "multipart/form-data: {}, text/plain: {} } }").obstacle ==
          "its body is neither JSON nor a form, but multipart/form-data, text/plain");
    CHECK(read(begin + "multipart/form-data: {}, application/json: {} } }").obstacle == "");
    CHECK(read(begin + "application/x-www-form-urlencoded: {}, image/png: {} } }").form_body);
  }
  const auto none = read("{ content: {} }");
  CHECK(none.obstacle == "");
  CHECK(none.body_argument == "");
  CHECK(read("{ required: true, content: {} }").obstacle.contains("has no `content`"));
}

TEST_CASE("openapi: schemas of 3.0 become what they mean, and large ones are cut") {
  const auto read = [](const char* text) {
    const Json document =
        *openapi::read_document(std::string("openapi: 3.0.0\npaths: { /x: {} }\nx: ") + text);
    return openapi::SchemaReader(document).read(document["x"]);
  };
  CHECK(read("{ type: string, nullable: true, enum: [a] }") ==
        Json{{"type", {"string", "null"}}, {"enum", {"a", nullptr}}});
  CHECK(read("{ type: number, minimum: 1, exclusiveMinimum: true, maximum: 2, exclusiveMaximum: false }") ==
        Json{{"type", "number"}, {"maximum", 2}, {"exclusiveMinimum", 1}});
  CHECK(
      read("{ type: string, pattern: '(', xml: {}, discriminator: {}, example: x, x-y: 1, format: date }") ==
      Json{{"type", "string"}, {"format", "date"}});
  CHECK(read("{ allOf: [{ type: object }, { $ref: '#/x' }] }") ==
        Json{{"allOf", {{{"type", "object"}}, Json::object()}}});

  CHECK(read("{ required: [a], properties: { a: { type: string, readOnly: True } } }")["required"] ==
        Json::array());
  // What is hidden in one part is not asked for by another.
  const Json whole =
      read("{ allOf: [{ required: [id, name] }, { properties: { id: { readOnly: true } } }] }");
  CHECK(whole["allOf"][0]["required"] == Json{"name"});
  // Names by a pattern are not looked at, and so not forbidden.
  CHECK_FALSE(read("{ additionalProperties: false, patternProperties: { '^x-': {} } }")
                  .contains("additionalProperties"));
  // Several alternatives may fit: what was cut takes anything, and nothing is no `not` of it.
  CHECK(read("{ oneOf: [{ type: string }, { $ref: '#/x' }] }") ==
        Json{{"anyOf", {{{"type", "string"}}, Json::object()}}});
  CHECK(read("{ anyOf: [{ type: string }], oneOf: [{ minLength: 1 }] }") ==
        Json{{"anyOf", {{{"type", "string"}}}}, {"allOf", {{{"anyOf", {{{"minLength", 1}}}}}}}});
  CHECK_FALSE(read("{ not: { $ref: '#/x' } }").contains("not"));
  CHECK(read("{ not: { type: string } }").contains("not"));

  // Each level refers twice to the next: 2^40 nodes if it were written out.
  std::string bomb = "openapi: 3.0.0\npaths: { /x: {} }\ns:\n";
  for (int i = 0; i < 40; ++i)
    bomb += "  l" + std::to_string(i) + ": { properties: { a: { $ref: '#/s/l" + std::to_string(i + 1) +
            "' }, b: { $ref: '#/s/l" + std::to_string(i + 1) + "' } } }\n";
  bomb += "  l40: { type: string }\n";
  const Json document = *openapi::read_document(bomb);
  CHECK(dump(openapi::SchemaReader(document).read(document["s"]["l0"])).size() < 300'000);
}

TEST_CASE("openapi: bodies are sent as the type that the document has, to the server it has") {
  const auto read = [](const std::string& rest) {
    const auto document = openapi::read_document("openapi: 3.1.0\n" + rest);
    REQUIRE(document);
    return openapi::read_operations(*document);
  };
  const auto type_of = [&](const std::string& content) {
    auto all =
        read("paths: { /x: { patch: { requestBody: { required: TRUE, content: " + content + " } } } }");
    REQUIRE(all->front().input["required"] == Json{"body"});
    auto request = openapi::request_for(all->front(), "https://h.example", {{"body", {{"a", 1}}}}, {});
    REQUIRE(request);
    return request->headers.back().second;
  };
  CHECK(type_of("{ application/merge-patch+json: {} }") == "application/merge-patch+json");
  CHECK(type_of("{ application/json-patch+json: {}, application/vnd.api+json: {} }") ==
        "application/json-patch+json");
  CHECK(type_of("{ application/vnd.api+json: {}, application/json: {} }") == "application/json");
  CHECK(type_of("{ application/x-www-form-urlencoded: {}, application/vnd.api+json: {} }") ==
        "application/vnd.api+json");
  CHECK(type_of("{ '*/*': {} }") == "application/json");

  const auto served = read(
      "servers: [{ url: 'http://h.example:{port}/{v}', variables: { port: { default: 8080 }, v: { default: "
      "v1 } } }]\npaths: { /x: { get: {}, options: {}, trace: {} } }");
  REQUIRE(served->size() == 3);
  CHECK(served->front().server == "http://h.example:8080/v1");
  CHECK(served->at(1).obstacle == "OPTIONS requests are not made");
  CHECK(served->at(2).obstacle == "TRACE requests are not made");
}

TEST_CASE("openapi: who has a key shows it also where nobody has to") {
  const auto shown = [](const std::string& security) {
    const auto document = openapi::read_document(
        "openapi: 3.0.0\npaths: { /x: { get: { security: " + security +
        " } } }\ncomponents: { securitySchemes: { k: { type: apiKey, in: header, name: X-Key } } }");
    REQUIRE(document);
    const auto credentials = openapi::read_credentials(*document, {{"k", "secret"}});
    REQUIRE(credentials);
    auto request = openapi::request_for(openapi::read_operations(*document)->front(), "https://h.example",
                                        Json::object(), *credentials);
    REQUIRE(request);
    return std::ranges::count_if(request->headers, [](const auto& one) { return one.first == "X-Key"; });
  };
  CHECK(shown("[{}, { k: [] }]") == 1);
  CHECK(shown("[{ k: [] }, {}]") == 1);
  CHECK(shown("[{}]") == 0);
}
