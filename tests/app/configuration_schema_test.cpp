#include "app/configuration.h"
#include "tests/fakes/fixtures.h"
#include "tests/fakes/test_environment.h"

#include <filesystem>
#include <regex>
#include <set>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

using namespace troupe;

namespace {

nlohmann::json plain(const Json& value) {
  return nlohmann::json::parse(value.dump());
}

const Json& schema() {
  static const Json kSchema = Json::parse(app::schema_text());
  return kSchema;
}

std::string validation_errors(const nlohmann::json& instance) {
  valijson::Schema compiled;
  nlohmann::json text = plain(schema());
  valijson::adapters::NlohmannJsonAdapter schema_adapter(text);
  valijson::SchemaParser().populateSchema(schema_adapter, compiled);
  valijson::adapters::NlohmannJsonAdapter target(instance);
  valijson::ValidationResults results;
  if (valijson::Validator().validate(compiled, target, &results)) return "";
  std::string all = "invalid";
  for (const auto& error : results) {
    for (const auto& part : error.context) all += part;
    all += ": " + error.description + "\n";
  }
  return all;
}

app::Checked load_text(const std::string& text) {
  return app::load_configuration_text("t.yaml", text, fakes::TestEnvironment());
}

// The keys that the parser says it knows where `text` has the key `zzzzzzzzzzzzzzzzzzzz`.
std::set<std::string> parsed_keys(const std::string& text) {
  static const std::regex kKey("`([A-Za-z0-9_]+)`");
  std::set<std::string> keys;
  for (const auto& problem : load_text(text).problems) {
    std::size_t known = problem.text.find("known here: ");
    if (problem.text.find("`zzzzzzzzzzzzzzzzzzzz`") == std::string::npos || known == std::string::npos)
      continue;
    std::string list = problem.text.substr(known);
    for (std::sregex_iterator it(list.begin(), list.end(), kKey), end; it != end; ++it) keys.insert((*it)[1]);
  }
  return keys;
}

std::set<std::string> keys_of(const Json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.at("properties").items()) keys.insert(key);
  return keys;
}

// A place in the configuration: its schema, and a file with a key there that nobody knows.
struct Spot {
  const Json* schema;
  std::string text;
};

// The objects of a schema, each with the text around it. `@` in a text is where the next object goes.
void collect(const Json& object, const std::string& text, std::vector<Spot>& spots);

std::string put(std::string text, const std::string& inner) {
  return text.replace(text.find('@'), 1, inner);
}

void collect_property(const std::string& key, const Json& property, const std::string& text,
                      std::vector<Spot>& spots) {
  std::string inside = put(text, key + ": @");
  if (property.contains("anyOf")) {  // a shorthand beside the object, or a scalar
    for (const Json& one : property["anyOf"])
      if (one.contains("properties")) collect(one, put(inside, "{ @ }"), spots);
  } else if (property.contains("properties")) {
    collect(property, put(inside, "{ @ }"), spots);
  } else if (property.contains("items") && property["items"].contains("properties")) {
    collect(property["items"], put(inside, "[ { @ } ]"), spots);
  } else if (property.contains("additionalProperties") && property["additionalProperties"].is_object()) {
    const Json& entry = property["additionalProperties"];
    if (entry.contains("properties")) collect(entry, put(inside, "{ x: { @ } }"), spots);
  }
}

void collect(const Json& object, const std::string& text, std::vector<Spot>& spots) {
  if (object.contains("allOf")) {  // a choice: one object for each kind
    for (const Json& rule : object["allOf"]) {
      const auto& condition = rule["if"]["properties"].items().begin();
      const Json& chosen = condition.value();  // a word, or the title of a family of words
      const std::string word = (chosen.contains("const") ? chosen["const"] : chosen["title"]);
      std::string kind = condition.key() + ": " + word;
      collect(rule["then"], put(text, kind + ", @"), spots);
    }
    return;
  }
  spots.push_back({&object, put(text, "zzzzzzzzzzzzzzzzzzzz: 1")});
  for (const auto& [key, property] : object["properties"].items())
    collect_property(key, property, text, spots);
}

// A YAML file as JSON, as an editor's schema check sees it. Only for flow and block text that is plain.
nlohmann::json canonical_of(const std::string& name) {
  fakes::TestEnvironment environment({{"HOME", "/home/tester"},
                                      {"OPENAI_API_KEY", "sk-canary-key-0"},
                                      {"RUNS", "7"},
                                      {"KIB", "128"},
                                      {"ROLE", "r"}});
  app::Checked checked = app::load_configuration(fakes::fixture_path("config/good/" + name), environment);
  REQUIRE(checked.configuration);
  return nlohmann::json::parse(checked.configuration->canonical);
}

}  // namespace

TEST_CASE("the schema and the parser know the same keys, everywhere") {
  std::vector<Spot> spots;
  collect(schema(), "{ @ }", spots);
  REQUIRE(spots.size() >= 15);  // the root, its sections, their parts, each kind of entry
  for (const Spot& spot : spots) {
    INFO(spot.text);
    CHECK(parsed_keys(spot.text) == keys_of(*spot.schema));
  }
}

TEST_CASE("every property of the schema is described, and closed to others") {
  std::vector<Spot> spots;
  collect(schema(), "{ @ }", spots);
  for (const Spot& spot : spots) {
    INFO(spot.text);
    CHECK((*spot.schema)["additionalProperties"] == false);
    for (const auto& [key, property] : (*spot.schema)["properties"].items()) {
      INFO(key);
      CHECK_FALSE(property.value("description", "").empty());
    }
  }
}

TEST_CASE("what loads is valid under the schema") {
  for (const char* name :
       {"minimal.yaml", "everything.yaml", "anchors.yaml", "includes.yaml", "variables.yaml"}) {
    INFO(name);
    CHECK(validation_errors(canonical_of(name)) == "");
  }
}

TEST_CASE("what the schema must refuse, it refuses") {
  auto refused = [](const char* text) { return !validation_errors(nlohmann::json::parse(text)).empty(); };
  CHECK_FALSE(refused(R"({"version":1})"));
  CHECK_FALSE(refused(R"({"version":1,"agents":{"a":{"model":"m","memory":"none"}}})"));
  CHECK_FALSE(refused(R"({"version":1,"agents":{"a":{"model":"m","limits":{"steps":"${STEPS}"}}}})"));
  CHECK_FALSE(refused(R"({"version":1,"models":null})"));
  CHECK(refused(R"({})"));
  CHECK(refused(R"({"version":2})"));
  CHECK_FALSE(refused(R"({"version":1,"teams":{}})"));
  CHECK_FALSE(refused(R"({"version":1,"plugins":{}})"));
  CHECK(refused(R"({"version":1,"teams":{"t":{"members":["a"]}}})"));
  CHECK(refused(R"({"version":1,"teams":{"t":{"pattern":"debate","members":["a"],"start":"a"}}})"));
  CHECK(refused(R"({"version":1,"teams":{"t":{"pattern":"handoff","until":{"text":"x","turns":1}}}})"));
  CHECK(refused(R"({"version":1,"agents":{"a":{}}})"));
  CHECK(refused(R"({"version":1,"agents":{"a":{"model":"m","modle":"m"}}})"));
  CHECK(refused(R"({"version":1,"agents":{"a b":{"model":"m"}}})"));
  CHECK(refused(R"({"version":1,"agents":{"a":{"model":"m","limits":{"time":30}}}})"));
  CHECK(refused(R"({"version":1,"agents":{"a":{"model":"m","memory":{"type":"none","turns":1}}}})"));
  CHECK(refused(R"({"version":1,"models":{"a":{"provider":"opnai"}}})"));
  CHECK(refused(R"({"version":1,"models":{"a":{"provider":"openai"}}})"));
  CHECK(refused(R"({"version":1,"models":{"a":{"provider":"builtin","temperature":0}}})"));
  CHECK(refused(R"({"version":1,"models":{"a":{"provider":"openai","model":"m","temperature":3}}})"));
}
