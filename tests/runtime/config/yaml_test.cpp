#include "runtime/config/yaml.h"

#include <chrono>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::config;
using namespace std::chrono_literals;

namespace {

// The tree as text: {a: 1, b: ['x', ~]}, quoted scalars in quotes.
std::string shape_of(const Node& node) {
  std::string out;
  switch (node.kind) {
    case Node::Kind::null:
      return "~";
    case Node::Kind::scalar:
      return node.quoted ? "'" + node.text + "'" : node.text;
    case Node::Kind::sequence:
      for (const Node& item : node.items) out += (out.empty() ? "" : ", ") + shape_of(item);
      return "[" + out + "]";
    case Node::Kind::map:
      for (const Member& member : node.members)
        out += (out.empty() ? "" : ", ") + member.key + ": " + shape_of(member.value);
      return "{" + out + "}";
  }
  return out;
}

// The tree, or the first problem as "line:col: text".
std::string parsed(std::string_view text) {
  Sources sources;
  int file = sources.add("f", "/");
  Problems problems(sources);
  auto node = parse_yaml(text, file, sources, problems);
  auto all = problems.take({});
  if (!all.empty()) return fmt::format("{}:{}: {}", all[0].line, all[0].column, all[0].text);
  return node ? shape_of(*node) : "nothing";
}

bool says(std::string_view text, std::string_view phrase) {
  return parsed(text).find(phrase) != std::string::npos;
}

std::string place_of_b(std::string_view text) {
  Sources sources;
  int file = sources.add("f", "/");
  Problems problems(sources);
  auto node = parse_yaml(text, file, sources, problems);
  REQUIRE(node);
  const Member* b = node->find("b");
  REQUIRE(b);
  return fmt::format("{}:{} {}:{}", b->place.line, b->place.column, b->value.place.line,
                     b->value.place.column);
}

std::string repeated(int times, char c) {
  return std::string(static_cast<std::size_t>(times), c);
}

}  // namespace

TEST_CASE("maps, lists, scalars and null become a tree that keeps their text") {
  CHECK(parsed("a: 1\nb: [x, 'y', \"z\", ~]\nc:\n  - d: true\n  - \n") ==
        "{a: 1, b: [x, 'y', 'z', ~], c: [{d: true}, ~]}");
  CHECK(parsed("a: |\n  two\n  lines\nb: >-\n  one\n  line\n") == "{a: 'two\nlines\n', b: 'one line'}");
  CHECK(parsed("a: 010\nb: 0x1F\nc: yes\n") == "{a: 010, b: 0x1F, c: yes}");
  CHECK(parsed("") == "~");
  CHECK(parsed("# nothing\n") == "~");
  CHECK(parsed("---\na: 1\n...\n") == "{a: 1}");
  CHECK(parsed(R"({"a": [1, {"b": "c\u00e9"}]})") == "{a: [1, {b: 'cé'}]}");
}

TEST_CASE("places count lines and code points from 1, also after a byte order mark and with CRLF") {
  CHECK(place_of_b("a: 1\nb: 2\n") == "2:1 2:4");
  CHECK(place_of_b("a: 1\r\nb: 2\r\n") == "2:1 2:4");
  CHECK(place_of_b("\xEF\xBB\xBF"
                   "b: 2\n") == "1:1 1:4");
  CHECK(place_of_b("{ a: \"한국어\", b: 2 }") == "1:13 1:16");
  CHECK(place_of_b("{ a: \"\xF0\x9F\x98\x80\", b: 2 }") == "1:11 1:14");
  CHECK(place_of_b("a: 1\nb:\n  c: 2\n") == "2:1 2:1");  // a block stands at its key
  CHECK(place_of_b("a: 1\nb:\n") == "2:1 2:1");
}

TEST_CASE("anchors, aliases and merge keys are expanded") {
  CHECK(parsed("a: &x [1, 2]\nb: *x\n") == "{a: [1, 2], b: [1, 2]}");
  CHECK(parsed("a: &x { p: 1, q: 2 }\nb: { <<: *x, q: 3 }\n") == "{a: {p: 1, q: 2}, b: {q: 3, p: 1}}");
  CHECK(parsed("a: &x { p: 1 }\nb: &y { p: 2, r: 4 }\nc: { <<: [*x, *y] }\n") ==
        "{a: {p: 1}, b: {p: 2, r: 4}, c: {p: 1, r: 4}}");
  CHECK(parsed("a: &x 1\nb: &x 2\nc: *x\n") == "{a: 1, b: 2, c: 2}");
  CHECK(parsed("a: { '<<': 1 }\n") == "{a: {<<: 1}}");
}

TEST_CASE("what a configuration may not contain is refused at its place") {
  CHECK(parsed("a: 1\na: 2\n") == "2:1: duplicate key `a`; first at f:1:1");
  CHECK(parsed("{ a: 1, b: 2, \"a\": 3 }") == "1:15: duplicate key `a`; first at f:1:3");
  CHECK(parsed("a: 1\n---\nb: 2\n").starts_with("3:1: a second document begins here"));
  CHECK(parsed("a: 1\n--- x\n").starts_with("2:5: a second document begins here"));
  CHECK(parsed("a: !!int 1\n") ==
        "1:4: the tag `tag:yaml.org,2002:int` is not supported; write the value without it");
  CHECK(parsed("a: !x { b: 1 }\n").starts_with("1:4: the tag `!x`"));
  CHECK(parsed("? [1, 2]\n: 3\n") == "1:3: a key must be text");
  CHECK(parsed("? { a: 1 }\n: 3\n") == "1:3: a key must be text");
  CHECK(says(": 3\n", "a key must be text"));
  CHECK(says("a: &x { <<: *x }\n", "inside the value it names"));
  CHECK(says("a: { <<: 3 }\n", "`<<` merges a map"));
  CHECK(parsed("a: { <<: {b: 1}, <<: {c: 1} }\n").starts_with("1:18: duplicate key `<<`"));
}

TEST_CASE("bytes that are not text are refused at their place") {
  CHECK(parsed("a: \xff\n") == "1:4: byte 0xFF is not UTF-8; save the file as UTF-8");
  CHECK(parsed("a: \xc0\xaf\n").starts_with("1:4: byte 0xC0"));
  CHECK(parsed("a: \xed\xa0\x80\n").starts_with("1:4: byte 0xED"));
  CHECK(parsed("a: \xe4\xb8").starts_with("1:4: byte 0xE4"));
  CHECK(parsed("a: 1\nb: 한\x01\n") == "2:5: control character 0x01; remove it");
  CHECK(parsed(std::string_view("a: \0b\n", 6)).starts_with("1:4: control character 0x00"));
  CHECK(parsed("a: \x04\nb: 2\n")
            .starts_with("1:4: control character 0x04"));  // yaml-cpp would stop reading here
  CHECK(parsed(std::string_view("\xff\xfe\x61\x00", 4)).starts_with("1:1: byte 0xFF"));
}

TEST_CASE("syntax errors are said where they can be put right") {
  CHECK(parsed("a:\n\tb: 1\n") ==
        "2:1: not valid YAML: a tab in the indentation; YAML is indented with spaces");
  CHECK(parsed("a:\n  b: { c: 1\nd: 2\n").starts_with("2:6: not valid YAML: this `{` is not closed"));
  CHECK(parsed("a: [1, 2\n").starts_with("1:4: not valid YAML: this `[` is not closed"));
  CHECK(parsed("a: b: c\n").starts_with("1:5: not valid YAML: a `:` stands where no key can be"));
  CHECK(says("a: { k: ${X} }\n", "needs quotes: \"${NAME}\""));
  CHECK(parsed("a: *x\n").starts_with("1:4: not valid YAML: an alias (`*name`) without its anchor"));
  CHECK(parsed("a: @x\n").starts_with("1:4: not valid YAML: "));
  CHECK(parsed("a: 1\n b: 2\n").starts_with("2:"));
}

TEST_CASE("nesting is bounded") {
  auto lists = [](int depth) { return repeated(depth, '[') + repeated(depth, ']'); };
  CHECK(parsed(lists(64)).starts_with("[["));
  CHECK(parsed(lists(65)) == "1:65: nested deeper than 64 levels");
  CHECK(says(lists(100'000), "nested deeper than 64 levels"));

  std::string block;
  for (int i = 0; i < 3000; ++i) block += repeated(i, ' ') + "a:\n";
  CHECK(says(block, "nested deeper than 64 levels"));

  std::string aliases = "a0: &a0 [1]\n";  // by way of aliases: each adds to the depth
  for (int i = 1; i < 10; ++i)
    aliases += fmt::format("a{0}: &a{0} {1}*a{2}{3}\n", i, repeated(20, '['), i - 1, repeated(20, ']'));
  CHECK(says(aliases, "nested deeper than 64 levels"));
}

TEST_CASE("alias bombs are defused quickly") {
  auto bomb = [](const std::string& first) {
    std::string text = "a0: &a0 " + first + "\n";
    for (int i = 1; i < 12; ++i) {
      std::string list;
      for (int j = 0; j < 10; ++j) list += fmt::format("{}*a{}", j ? ", " : "", i - 1);
      text += fmt::format("a{0}: &a{0} [{1}]\n", i, list);
    }
    return text;
  };
  const std::string of_nodes = bomb("[x,x,x,x,x,x,x,x,x,x]");
  const std::string of_text = bomb("\"" + repeated(100'000, 'x') + "\"");

  auto start = std::chrono::steady_clock::now();
  CHECK(says(of_nodes, "too large once its aliases are expanded"));
  auto took = std::chrono::steady_clock::now() - start;
  CHECK(says(of_text, "too large once its aliases are expanded"));

  MESSAGE("an alias bomb: ", std::chrono::duration_cast<std::chrono::microseconds>(took).count(), " us");
}
