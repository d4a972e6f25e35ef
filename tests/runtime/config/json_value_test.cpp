#include "runtime/config/json_value.h"

#include "runtime/config/document.h"
#include "runtime/config/record.h"
#include "tests/fakes/test_environment.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::config;

namespace {

struct Holder {
  Json value;
};

struct Outcome {
  Holder holder;
  std::vector<Problem> problems;
};

Outcome read(std::string_view text, bool only_objects = false) {
  fakes::TestEnvironment environment({{"WORD", "many"}, {"NUMBER", "7"}});
  Sources sources;
  Problems problems(sources);
  auto tree = load_text("test", "/", text, sources, environment, problems);
  Reader reader(sources, environment, problems);
  Record<Holder> record("a holder");
  record.field("value", &Holder::value, only_objects ? json_object("a JSON Schema") : json_value("a value"),
               "v");
  Outcome outcome;
  if (tree) record.read(*tree, outcome.holder, reader);
  outcome.problems = problems.take(reader.secrets());
  return outcome;
}

}  // namespace

TEST_CASE("a JSON value is taken as it is written, keys in their order") {
  auto outcome =
      read("value: { type: object, n: 1, x: 1.5, yes: true, none: null, list: [a, \"1\", { b: {} }] }");
  CHECK(outcome.problems.empty());
  CHECK(dump(outcome.holder.value) ==
        R"({"type":"object","n":1,"x":1.5,"yes":true,"none":null,"list":["a","1",{"b":{}}]})");
}

TEST_CASE("variables are put in, and what is shown reads back the same") {
  auto outcome = read("value: { a: \"${WORD}\", n: \"${NUMBER}\", literal: \"$${WORD}\" }");
  CHECK(outcome.problems.empty());
  CHECK(outcome.holder.value == Json{{"a", "many"}, {"n", 7}, {"literal", "${WORD}"}});

  Json shown = json_value("a value")->show(outcome.holder.value);
  auto again = read("value: " + dump(shown));
  CHECK(again.holder.value == outcome.holder.value);
}

TEST_CASE("what YAML readers disagree about is an error here, too, and a map can be demanded") {
  CHECK(read("value: { a: 010 }").problems.size() == 1);
  CHECK(read("value: text", true).problems.size() == 1);
  CHECK(read("value: [1]", true).problems.size() == 1);
}
