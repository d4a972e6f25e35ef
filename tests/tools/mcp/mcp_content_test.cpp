#include "tools/mcp/bounds.h"
#include "tools/mcp/content.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;
using namespace troupe::tools::mcp;

namespace {

std::string text_of_result(Json result, std::string_view schema = "") {
  auto read = read_result(result, schema);
  return read ? read->text : "error: " + read.error().message;
}

}  // namespace

TEST_CASE("every kind of content becomes text, bytes their kind and size") {
  const Json content = Json::array(
      {{{"type", "text"}, {"text", "Hello"}},
       {{"type", "image"}, {"mimeType", "image/png"}, {"data", "iVBORw0KGgo="}},
       {{"type", "audio"}, {"mimeType", "audio/wav"}, {"data", "UklG"}},
       {{"type", "resource_link"},
        {"uri", "https://example.com/a"},
        {"name", "a"},
        {"description", "a page"}},
       {{"type", "resource"}, {"resource", {{"uri", "file:///x"}, {"text", "inside"}}}},
       {{"type", "resource"}, {"resource", {{"uri", "file:///y"}, {"mimeType", "a/b"}, {"blob", "AAAA"}}}},
       {{"type", "hologram"}},
       "nonsense"});

  const auto output = read_result({{"content", content}}, "");

  REQUIRE(output);
  CHECK(
      output->text ==
      "Hello\n[image, image/png, 8 bytes]\n[audio, audio/wav, 3 bytes]\n[resource a: https://example.com/a, "
      "a "
      "page]\n[resource file:///x]\ninside\n[resource file:///y, a/b, 3 bytes]\n[content of an unknown type, "
      "`hologram`]\n[content of an unknown type, ``]");
  REQUIRE(output->sources.size() == 1);
  CHECK(output->sources[0].url == "https://example.com/a");
}

TEST_CASE("an error of a tool is an error with the tool's words") {
  const auto output =
      read_result({{"isError", true}, {"content", {{{"type", "text"}, {"text", "no such city"}}}}}, "");
  REQUIRE(!output);
  CHECK(output.error().code == ErrorCode::tool);
  CHECK(output.error().message == "no such city");
  CHECK(read_result({{"isError", true}}, "").error().message == "the tool failed and did not say why");
  CHECK(read_result({{"isError", "yes"}, {"content", Json::array()}}, "").has_value());
}

TEST_CASE("structured content is held against what was promised") {
  const std::string schema = R"({"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]})";
  CHECK(text_of_result({{"structuredContent", {{"n", 3}}}}, schema) == R"({"n":3})");
  CHECK(text_of_result({{"structuredContent", {{"n", "x"}}}}, schema)
            .contains("not as the tool's schema promises"));
  CHECK(text_of_result({{"content", {{{"type", "text"}, {"text", "3"}}}}}, schema).contains("gave none"));
  CHECK(text_of_result(Json::object()) == "[the tool gave nothing back]");
  CHECK(text_of_result({{"content", "text"}}) == "[the tool gave nothing back]");
}

TEST_CASE("structured content follows the texts unless one of them says the same") {
  const auto result = [](std::vector<std::string> texts, Json structured) {
    Json content = Json::array();
    for (const std::string& text : texts) content.push_back({{"type", "text"}, {"text", text}});
    return text_of_result({{"content", content}, {"structuredContent", std::move(structured)}});
  };
  CHECK(result({"3 found"}, {{"n", 3}}) == "3 found\n{\"n\":3}");
  CHECK(result({"{ \"b\": [1, 2.0], \"a\": 1 }"}, {{"a", 1}, {"b", {1, 2}}}) ==
        "{ \"b\": [1, 2.0], \"a\": 1 }");
  CHECK(result({"see", "{\"n\":3}"}, {{"n", 3}}) == "see\n{\"n\":3}");
  CHECK(result({"{\"n\":4}"}, {{"n", 3}}) == "{\"n\":4}\n{\"n\":3}");
  CHECK(result({"done"}, Json::object()) == "done");
  // A result that is no object, as servers wrap it.
  CHECK(result({"hello"}, {{"result", "hello"}}) == "hello");
  CHECK(result({"1", "x"}, {{"result", {1, "x"}}}) == "1\nx");
  CHECK(result({"1", "x"}, {{"result", {1, "y"}}}) == "1\nx\n{\"result\":[1,\"y\"]}");
  const auto failed = read_result({{"isError", true},
                                   {"content", {{{"type", "text"}, {"text", "no"}}}},
                                   {"structuredContent", {{"code", 7}}}},
                                  "");
  CHECK(failed.error().message == "no\n{\"code\":7}");
}

TEST_CASE("a result without end is cut") {
  const std::string much(bounds::kResultText / 2 + 10, 'x');
  const std::string text =
      text_of_result({{"content", {{{"type", "text"}, {"text", much}}, {{"type", "text"}, {"text", much}}}}});
  CHECK(text.size() < bounds::kResultText + 100);
  CHECK(text.ends_with("[cut here: the server sent more]"));
  const std::string structured = text_of_result(
      {{"content", {{{"type", "text"}, {"text", "x"}}}}, {"structuredContent", {{"a", much + much}}}});
  CHECK(structured.size() < bounds::kResultText + 100);
  CHECK(structured.ends_with("[cut here: the server sent more]"));
  Json many = Json::array();
  for (std::size_t i = 0; i < bounds::kParts + 7; ++i) many.push_back({{"type", "text"}, {"text", "x"}});
  CHECK(text_of_result({{"content", many}}).ends_with("[7 more parts]"));
}

TEST_CASE("resources and prompts are listed a line each, and narrowed down") {
  const Json resources =
      Json::array({{{"uri", "demo://a"}, {"name", "Alpha"}, {"mimeType", "text/plain"}},
                   {{"uri", "demo://b"}, {"name", "Beta"}, {"description", "the second"}}});
  const Json templates = Json::array({{{"uriTemplate", "demo://{id}"}, {"name", "One"}}});
  CHECK(list_resources(resources, templates, "") ==
        "demo://a (Alpha, text/plain)\ndemo://b (Beta) — the second\ndemo://{id} (One, fill in what stands "
        "in braces)");
  CHECK(list_resources(resources, templates, "second") == "demo://b (Beta) — the second");
  CHECK(list_resources(resources, templates, "zeta") == "There are no resources like that.");
  CHECK(list_resources(Json::array(), Json::array(), "") == "There are no resources.");

  const Json prompts = Json::array(
      {{{"name", "greet"}, {"arguments", {{{"name", "who"}, {"required", true}}, {{"name", "how"}}}}}});
  CHECK(list_prompts(prompts, "") == "greet(who, how?)");
  Json many = Json::array();
  for (int i = 0; i < 150; ++i) many.push_back({{"name", "p" + std::to_string(i)}});
  CHECK(list_prompts(many, "").contains("[50 more; ask for fewer with `query`]"));
}

TEST_CASE("what a resource and a prompt bring") {
  CHECK(read_contents({{"contents", {{{"uri", "u"}, {"text", "t"}}}}}).text == "[resource u]\nt");
  CHECK(read_contents({{"contents", 7}}).text == "[the resource is empty]");
  const Json message = {{"role", "assistant"}, {"content", {{"type", "text"}, {"text", "Hi"}}}};
  CHECK(read_prompt({{"description", "A greeting"}, {"messages", {message}}}).text ==
        "A greeting\nassistant:\nHi");
  CHECK(read_prompt(Json::object()).text == "[the prompt is empty]");
}
