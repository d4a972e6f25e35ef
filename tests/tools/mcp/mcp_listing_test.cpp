#include "tools/mcp/bounds.h"
#include "tools/mcp/listing.h"

#include <algorithm>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools::mcp;

namespace {

Json tool(std::string name, Json properties = Json::object()) {
  return {{"name", std::move(name)},
          {"description", "does it"},
          {"inputSchema", {{"type", "object"}, {"properties", std::move(properties)}}}};
}

}  // namespace

TEST_CASE("a tool is listed with its words, its schema and its hints") {
  Json item = tool("add", {{"a", {{"type", "number"}}}});
  item["title"] = "Addition";
  item["annotations"] = {{"readOnlyHint", true}, {"idempotentHint", "yes"}};
  item["outputSchema"] = {{"type", "object"}};

  const Listing listing = read_listing(Json::array({item}), false);

  REQUIRE(listing.tools.size() == 1);
  CHECK(listing.tools[0].description == "Addition. does it");
  CHECK(parse_json(listing.tools[0].schema)->at("properties").contains("a"));
  CHECK(listing.tools[0].output == R"({"type":"object"})");
  CHECK(listing.tools[0].says_read_only);
  CHECK(!listing.tools[0].says_idempotent);
  CHECK(listing.remarks.empty());
}

TEST_CASE("what cannot be a tool is left out, the others stay") {
  const Json items = Json::array({tool("good"),
                                  tool(""),
                                  tool("good"),
                                  tool(std::string(300, 'x')),
                                  7,
                                  {{"name", "bare"}},
                                  {{"name", "odd"}, {"inputSchema", "string"}}});
  const Listing listing = read_listing(items, false);
  REQUIRE(listing.tools.size() == 3);
  CHECK(listing.tools[1].name == "bare");
  CHECK(listing.tools[2].schema == R"({"type":"object"})");
  CHECK(listing.remarks.size() == 4);
}

TEST_CASE("a tool that can be called as a task only is left out") {
  Json items = Json::array({tool("slow"), tool("either"), tool("quick")});
  items[0]["execution"] = {{"taskSupport", "required"}};
  items[1]["execution"] = {{"taskSupport", "optional"}};
  items[2]["execution"] = "required";
  const Listing listing = read_listing(items, false);
  REQUIRE(listing.tools.size() == 2);
  CHECK(listing.tools[0].name == "either");
  REQUIRE(listing.remarks.size() == 1);
  CHECK(listing.remarks[0].contains("`slow` was left out: it can be called as a task only"));
}

TEST_CASE("a schema that cannot be enforced is made simpler, and a reference out of it is not followed") {
  Json item = tool("lookup", {{"id", {{"type", "string"}, {"description", "which"}}},
                              {"profile", {{"$ref", "http://127.0.0.1:9/profile.json"}}}});
  item["inputSchema"]["required"] = {"id", "unknown"};
  item["outputSchema"] = {{"$ref", "http://127.0.0.1:9/profile.json"}};

  const Listing listing = read_listing(Json::array({item}), false);

  REQUIRE(listing.tools.size() == 1);
  const Json schema = *parse_json(listing.tools[0].schema);
  CHECK(schema["properties"]["id"] == Json{{"type", "string"}, {"description", "which"}});
  CHECK(schema["properties"]["profile"] == Json::object());
  CHECK(schema["required"] == Json::array({"id"}));
  CHECK(listing.tools[0].output.empty());
  CHECK(listing.remarks.size() == 2);

  Json huge = tool("huge");
  huge["inputSchema"]["description"] = std::string(bounds::kSchemaBytes, 'x');
  CHECK(read_listing(Json::array({huge}), false).tools[0].schema == R"({"type":"object"})");
}

TEST_CASE(
    "arguments that go along as headers: good ones are taken out of the schema, bad ones cost the tool") {
  const Json good = {{"region", {{"type", "string"}, {"x-mcp-header", "Region"}}},
                     {"q", {{"type", "string"}}}};
  const Listing listing = read_listing(Json::array({tool("t", good)}), true);
  REQUIRE(listing.tools.size() == 1);
  REQUIRE(listing.tools[0].headers.size() == 1);
  CHECK(listing.tools[0].headers[0].argument == "region");
  CHECK(!listing.tools[0].schema.contains("x-mcp-header"));

  auto annotated = [](const char* type, const char* header) {
    return Json{{"v", {{"type", type}, {"x-mcp-header", header}}}};
  };
  const Json twice = {{"a", {{"type", "string"}, {"x-mcp-header", "Field"}}},
                      {"b", {{"type", "string"}, {"x-mcp-header", "field"}}}};
  for (const Json& bad :
       {annotated("string", ""), annotated("object", "D"), annotated("array", "D"), annotated("null", "D"),
        annotated("number", "D"), annotated("string", "My Region"), annotated("string", "A:B"),
        annotated("string", "Région"), annotated("string", "A\t1"), twice}) {
    CHECK(read_listing(Json::array({tool("t", bad), tool("other")}), true).tools.size() == 1);
    CHECK(read_listing(Json::array({tool("t", bad)}), false).tools.size() == 1);  // no headers over a pipe
  }
}

TEST_CASE("values of headers are plain where they can be, and base64 otherwise") {
  CHECK(header_text("us-west1") == "us-west1");
  CHECK(header_text("us west 1") == "us west 1");
  CHECK(header_text("") == "");
  CHECK(header_text(" padded ") == "=?base64?IHBhZGRlZCA=?=");
  CHECK(header_text("line1\r\nline2") == "=?base64?bGluZTENCmxpbmUy?=");
  CHECK(header_text("Hello, 世界") == "=?base64?SGVsbG8sIOS4lueVjA==?=");
  CHECK(header_text("=?base64?eA==?=") == "=?base64?PT9iYXNlNjQ/ZUE9PT89?=");

  const std::vector<ParamHeader> params = {{"a", "A"}, {"b", "B"}, {"c", "C"}, {"d", "D"}};
  const auto values = header_values(params, {{"a", true}, {"b", nullptr}, {"c", 42}});
  REQUIRE(values);
  REQUIRE(values->size() == 2);
  CHECK(values->at(0) == std::pair<std::string, std::string>("Mcp-Param-A", "true"));
  CHECK(values->at(1).second == "42");
  CHECK(header_values(params, {{"a", std::string(bounds::kHeaderValue + 1, 'x')}}).error().code ==
        ErrorCode::too_large);
}
