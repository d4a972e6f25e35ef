#include "tools/catalog.h"

#include "tests/fakes/fake_knowledge.h"
#include "tests/fakes/run_loop.h"
#include "tests/tools/fake_context.h"
#include "tools/json_schema.h"
#include "tools/names.h"

#include <regex>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;

namespace {

/// A network that must not be used.
struct NoNetwork final : net::HttpClient {
  Task<Result<net::HttpResponse>> fetch(net::HttpRequest request, Stop& stop) override {
    if (stop.requested()) co_return fail(stopped("fetch", stop.reason()));
    co_return fail(ErrorCode::network, "no network in this test: " + request.url);
  }
  Task<Result<net::HttpHead>> stream(net::HttpRequest, net::BodySink&, Stop&) override {
    co_return fail(ErrorCode::network, "no network in this test");
  }
};

ToolSettings settings_for(std::string_view type) {
  ToolSettings settings;
  settings.name = std::string("my_") + std::string(type);
  settings.type = type;
  settings.api_key = "tvly-canary";
  settings.knowledge = "handbook";
  settings.document = TROUPE_FIXTURES "/openapi/pets.yaml";
  settings.root = TROUPE_FIXTURES;
  settings.url = {.text = "https://crm.example/{query}"};
  return settings;
}

void check_contract(Tool& tool, fakes::FakeContext& fake) {
  const ToolSpec& spec = tool.spec();
  CHECK(spec.declaration.name.starts_with("my_"));
  CHECK(spec.declaration.description.size() > 20);
  CHECK_FALSE(spec.version.empty());
  auto schema = JsonSchema::parse(spec.declaration.schema);
  REQUIRE(schema);

  // Wrong arguments: an Error, never an exception, also when nobody checked them first.
  for (const Json& arguments :
       {Json::object(), Json{{"query", 5}}, Json{{"expression", Json::array()}}, Json::array(), Json(7),
        Json{{"operation", "no such operation"}, {"timezone", "x/y"}, {"query", "q"}, {"urls", 3}}}) {
    CAPTURE(dump(arguments));
    (void)schema->validate(arguments);
    CHECK_NOTHROW((void)fakes::run(fake.loop, tool.call(ToolInput{arguments, "key"}, fake.context)));
  }
  // A requested Stop: it answers cancelled and does nothing.
  Stop stopped_already(fake.stop);
  stopped_already.request(StopReason::cancelled);
  CallContext context{fake.loop, stopped_already, Deadline(), fake.sink, Principal{}, "s", "r", "a", 1};
  const auto answer =
      fakes::run(fake.loop, tool.call(ToolInput{Json{{"query", "x"}, {"expression", "1"}}, ""}, context));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::cancelled);
  CHECK_FALSE((spec.declaration.description + spec.declaration.schema).contains("tvly-canary"));
}

}  // namespace

// The contract every registered tool keeps; a new line in catalog.def is held against it without a new test.
TEST_CASE("every registered tool keeps the contract") {
  fakes::FakeContext fake;
  NoNetwork network;
  ToolServices services{fake.clock, network};
  services.knowledge = std::make_shared<fakes::FakeKnowledge>();
  REQUIRE_FALSE(tool_types().empty());

  for (const ToolType& type : tool_types()) {
    CAPTURE(std::string(type.name));
    const ToolSettings settings = settings_for(type.name);
    auto made = make_section(settings, services);
    REQUIRE_MESSAGE(made, (made ? std::string() : made.error().message));
    CHECK(gives_several({.type = std::string(type.name)}) == (type.several != nullptr));
    REQUIRE_FALSE(made->empty());
    for (const auto& [name, tool] : *made) {
      CAPTURE(name);
      CHECK((name == settings.name || name.starts_with(settings.name + "/")));
      CHECK((name == settings.name) != gives_several(settings));
      CHECK(call_name(name).size() <= kCallNameMax);
      check_contract(*tool, fake);
    }
  }
}

TEST_CASE("an operator's description replaces the tool's own") {
  fakes::FakeContext fake;
  NoNetwork network;
  ToolSettings settings = settings_for("calculator");
  settings.description = "Only for invoices.";
  CHECK((*make_tool(settings, ToolServices{fake.clock, network}))->spec().declaration.description ==
        "Only for invoices.");
}

TEST_CASE("tools are made by the names of the configuration") {
  fakes::FakeContext fake;
  NoNetwork network;
  const ToolServices services{fake.clock, network};

  const std::vector<ToolSettings> two{settings_for("calculator"), settings_for("clock")};
  const auto table = make_tools(two, services);
  REQUIRE(table);
  CHECK(table->contains("my_calculator"));
  CHECK(table->contains("my_clock"));

  const std::vector<ToolSettings> twice{settings_for("clock"), settings_for("clock")};
  CHECK(make_tools(twice, services).error().code == ErrorCode::conflict);
  const std::vector<ToolSettings> unknown{settings_for("calculater")};
  CHECK(make_tools(unknown, services).error().message.contains("did you mean `calculator`"));
}

TEST_CASE("tools that read are known to be pure") {
  fakes::FakeContext fake;
  NoNetwork network;
  ToolServices services{fake.clock, network};
  services.knowledge = std::make_shared<fakes::FakeKnowledge>();
  for (const char* type : {"ask_human", "calculator", "clock", "retriever", "tavily", "wikipedia"}) {
    CAPTURE(type);
    CHECK((*make_tool(settings_for(type), services))->spec().effect == Effect::pure);
  }
}
