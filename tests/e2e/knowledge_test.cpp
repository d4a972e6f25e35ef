#include "runtime/base/json.h"
#include "runtime/store/sqlite.h"
#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/run_loop.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;

namespace {

/// A folder with a handbook, and a configuration that takes it in.
struct Handbook {
  fakes::TempDir folder;
  Daemon daemon{fmt::format(R"(
models: {{ local: {{ provider: builtin }} }}
knowledge:
  handbook:
    description: rules of the house
    sources: ["{0}/*.md", "{0}/*.txt"]
    chunk: {{ size: 300, overlap: 40, by: markdown }}
    search: {{ mode: hybrid, k: 3 }}
tools: {{ lookup: {{ type: retriever, knowledge: handbook }} }}
agents: {{ clerk: {{ model: local, tools: [lookup] }} }}
)",
                            folder.path().string())};

  Handbook() {
    write("leave.md",
          "# Leave\n\nEmployees have 25 days of annual leave each year.\n\n## Parents\n\nParents have ten "
          "more days in the first year.\n");
    write("travel.md", "# Travel\n\nTrains are booked by the office. Flights need a signature.\n");
    write("회사.txt", "연차 휴가는 매년 25일입니다. 출장은 기차로 갑니다.\n");
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder.path() / name) << text;
  }
  fakes::Outcome run(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin() + 2, {"-c", daemon.config()});
    return daemon.run(std::move(arguments), input);
  }
  std::string path(const std::string& name) { return (folder.path() / name).string(); }
};

}  // namespace

TEST_CASE("documents are taken in, listed, searched, changed and deleted from the command line") {
  Handbook book;
  auto added = book.run({"knowledge", "add"});
  CHECK_MESSAGE(added.exit_code == 0, added.err);
  CHECK(added.out.starts_with("handbook: 3 added, 0 changed, 0 unchanged, 0 removed;"));
  auto again = book.run({"knowledge", "add", "handbook"});
  CHECK(again.out.starts_with("handbook: 0 added, 0 changed, 3 unchanged, 0 removed; 0 chunks"));

  auto bases = book.run({"knowledge", "list"});
  CHECK(bases.out.contains("handbook"));
  auto documents = book.run({"knowledge", "list", "handbook"});
  CHECK(documents.out.contains(book.path("leave.md")));
  CHECK(documents.out.contains("markdown"));

  for (const char* mode : {"similarity", "keyword", "hybrid", "mmr"}) {
    CAPTURE(mode);
    auto found =
        book.run({"knowledge", "search", "handbook", "days of annual leave", "--mode", mode, "-k", "1"});
    CHECK(found.exit_code == 0);
    CHECK(found.out.starts_with("[1] "));
    CHECK(found.out.contains("25 days of annual leave"));
  }
  CHECK(book.run({"knowledge", "search", "handbook", "휴가", "--mode", "keyword"}).out.contains("연차 휴가"));
  auto filtered = book.run({"knowledge", "search", "handbook", "days", "--filter", "title=Travel", "--json"});
  auto json = parse_json(filtered.out);
  REQUIRE_MESSAGE(json.has_value(), filtered.out);
  for (const Json& hit : (*json)["hits"]) CHECK(hit["title"] == "Travel");

  book.write("leave.md", "# Leave\n\nEmployees have 30 days of annual leave each year.\n");
  std::filesystem::remove(book.path("travel.md"));
  auto changed = book.run({"knowledge", "add"});
  CHECK(changed.out.starts_with("handbook: 0 added, 1 changed, 1 unchanged, 1 removed;"));
  auto found = book.run({"knowledge", "search", "handbook", "annual leave", "-k", "1"});
  CHECK(found.out.contains("30 days"));
  CHECK_FALSE(book.run({"knowledge", "search", "handbook", "flights"}).out.contains("signature"));

  // By hand, and kept when the sources are taken in again.
  auto piped = book.run({"knowledge", "add", "handbook", "-", "--name", "notes.md"},
                        "# Notes\n\nThe door code is 4711.\n");
  CHECK(piped.out.starts_with("handbook: 1 added"));
  CHECK(book.run({"knowledge", "add"}).out.contains("0 removed"));
  CHECK(book.run({"knowledge", "search", "handbook", "door code", "-k", "1"}).out.contains("4711"));
  CHECK(book.run({"knowledge", "delete", "handbook", "notes.md"}).out.starts_with("deleted notes.md"));
  CHECK_FALSE(book.run({"knowledge", "search", "handbook", "door code", "-k", "1"}).out.contains("4711"));
  CHECK(book.run({"knowledge", "delete", "handbook", "--all"}).exit_code == 0);
  CHECK(book.run({"knowledge", "search", "handbook", "leave"}).err.contains("holds nothing yet"));
}

TEST_CASE("taking in as JSON tells each document on a line, and then the whole") {
  Handbook book;
  auto lines = [](const std::string& out) {
    std::vector<Json> all;
    std::istringstream in(out);
    for (std::string line; std::getline(in, line);) all.push_back(parse_json(line).value());
    return all;
  };
  auto events = [](const std::vector<Json>& all) {
    std::vector<std::string> names;
    for (const Json& one : all) names.push_back(one.at("event"));
    return names;
  };
  const auto first = lines(book.run({"knowledge", "add", "--json"}).out);
  CHECK(events(first) == std::vector<std::string>{"started", "added", "added", "added", "finished"});
  CHECK(first[0].at("documents") == 3);
  CHECK(first[0].at("knowledge") == "handbook");
  CHECK(first[1].at("chunks").get<int>() >= 1);
  CHECK(first.back().at("added") == 3);
  std::filesystem::remove(book.path("travel.md"));
  const auto second = lines(book.run({"knowledge", "add", "handbook", "--json"}).out);
  CHECK(events(second) ==
        std::vector<std::string>{"started", "unchanged", "unchanged", "removed", "finished"});
  CHECK(second[3].at("source") == book.path("travel.md"));
  auto missing = book.run({"knowledge", "add", "handbook", book.path("nowhere.md"), "--json"});
  const auto third = lines(missing.out);
  CHECK(events(third) == std::vector<std::string>{"started", "failed", "finished"});
  CHECK(third[1].at("error").get<std::string>().contains("nowhere.md"));
  CHECK(missing.exit_code != 0);
}

TEST_CASE("what an add would do is said without doing it") {
  Handbook book;
  const auto first = book.run({"knowledge", "add", "--dry-run"});
  CHECK(first.exit_code == 0);
  CHECK(first.out.starts_with("handbook: 3 would be added, 0 changed, 0 removed; 0 unchanged\n+ "));
  CHECK(book.run({"knowledge", "list"}).out.contains("(nothing taken in yet)"));
  book.run({"knowledge", "add"});
  book.write("leave.md", "# Leave\n\nEmployees have 31 days.\n");
  std::filesystem::remove(book.path("travel.md"));
  const auto json = parse_json(book.run({"knowledge", "add", "handbook", "--dry-run", "--json"}).out);
  REQUIRE(json);
  CHECK((*json)["changed"] == Json{book.path("leave.md")});
  CHECK((*json)["removed"] == Json{book.path("travel.md")});
  CHECK((*json)["unchanged"] == 1);
  CHECK(book.run({"knowledge", "search", "handbook", "annual leave", "-k", "1"}).out.contains("25 days"));
  const auto piped =
      book.run({"knowledge", "add", "handbook", "-", "--name", "n.md", "--dry-run"}, "# N\n\nnew\n");
  CHECK(piped.out.ends_with("+ n.md\n"));
  CHECK(book.run({"knowledge", "add", "handbook", "no-such.md", "--dry-run"}).exit_code == 1);
}

TEST_CASE("a base is shown a page at a time, checked, and deleted from with an account of it") {
  Handbook book;
  CHECK(book.run({"knowledge", "show", "handbook"}).err.contains("holds nothing yet"));
  book.run({"knowledge", "add"});
  const auto page = book.run({"knowledge", "show", "handbook", "--limit", "2"});
  CHECK(page.exit_code == 0);
  CHECK(page.out.contains(book.path("leave.md")));
  CHECK(page.out.contains(book.path("travel.md")));
  CHECK_FALSE(page.out.contains(book.path("회사.txt")));
  CHECK(page.err.contains("--after"));
  const auto first = parse_json(book.run({"knowledge", "show", "handbook", "-n", "2", "--json"}).out);
  REQUIRE(first);
  CHECK((*first)["documents"] == 3);
  REQUIRE((*first)["items"].size() == 2);
  CHECK((*first)["items"][0]["chunks"].get<int>() > 0);
  const auto rest = parse_json(
      book.run({"knowledge", "show", "handbook", "--after", string_or(*first, "next"), "--json"}).out);
  REQUIRE(rest);
  CHECK((*rest)["items"].size() == 1);
  CHECK_FALSE(find(*rest, "next"));
  CHECK(book.run({"knowledge", "show", "handbok"}).exit_code == 2);
  CHECK(book.run({"knowledge", "show", "handbook", "--limit", "0"}).exit_code == 2);

  const auto whole = book.run({"knowledge", "check", "handbook"});
  CHECK(whole.exit_code == 0);
  CHECK(whole.out.contains("`handbook` is whole"));
  CHECK(parse_json(book.run({"knowledge", "check", "--json"}).out)->at("whole") == true);
  CHECK(book.run({"knowledge", "check", "handbok"}).exit_code == 2);

  const auto one =
      parse_json(book.run({"knowledge", "delete", "handbook", book.path("leave.md"), "--json"}).out);
  REQUIRE(one);
  CHECK((*one)["deleted"] == true);
  CHECK((*one)["chunks"].get<int>() > 0);
  const auto none = book.run({"knowledge", "delete", "handbook", "nothing.md", "--json"});
  CHECK(none.exit_code == 1);
  CHECK(parse_json(none.out)->at("deleted") == false);
  const auto all = parse_json(book.run({"knowledge", "delete", "handbook", "--all", "--json"}).out);
  REQUIRE(all);
  CHECK((*all)["deleted"] == true);
  CHECK((*all)["documents"] == 2);
}

TEST_CASE("rows that do not agree are named, with what mends them, and that mends them") {
  Handbook book;
  book.run({"knowledge", "add"});
  {
    auto file = store::Database::open(book.daemon.store() + "/knowledge.db", store::Database::Mode::write);
    REQUIRE(file);
    REQUIRE(file->execute("DELETE FROM chunks WHERE id = (SELECT min(id) FROM chunks)"));
  }
  const auto broken = book.run({"knowledge", "check", "handbook"});
  CHECK(broken.exit_code == 1);
  CHECK(broken.out.contains("1: terms of `handbook` have no chunk"));
  CHECK(broken.out.contains("troupe knowledge delete handbook --all"));
  const auto json = parse_json(book.run({"knowledge", "check", "--json"}).out);
  REQUIRE(json);
  CHECK((*json)["whole"] == false);
  CHECK((*json)["problems"].size() == 2);
  CHECK(book.run({"knowledge", "delete", "handbook", "--all"}).exit_code == 0);
  CHECK(book.run({"knowledge", "add", "handbook"}).exit_code == 0);
  CHECK(book.run({"knowledge", "check", "handbook"}).exit_code == 0);
}

TEST_CASE("wrong use of knowledge is answered with what to do") {
  Handbook book;
  auto unknown = book.run({"knowledge", "search", "handbok", "x"});
  CHECK(unknown.exit_code == 2);
  CHECK(unknown.err.contains("did you mean `handbook`?"));
  CHECK(book.run({"knowledge", "search", "handbook", "x", "--mode", "fuzzy"}).exit_code == 2);
  CHECK(book.run({"knowledge", "search", "handbook", "x", "--filter", "=3"}).exit_code == 2);
  CHECK(book.run({"knowledge", "delete", "handbook"}).exit_code == 2);
  CHECK(book.run({"knowledge", "delete", "handbook", "nothing.md"}).exit_code == 2);
  CHECK(book.run({"knowledge", "add", "nowhere", "x.md"}).exit_code == 2);
  auto missing = book.run({"knowledge", "add", "handbook", "no-such-file.md"});
  CHECK(missing.exit_code == 1);
  CHECK(missing.err.contains("no-such-file.md"));
  auto unnamed = book.run({"knowledge", "add", "handbook", "-"}, "text");
  CHECK(unnamed.exit_code == 2);
  CHECK(unnamed.err.contains("--name"));
}

TEST_CASE("an agent searches its knowledge and its answer cites the passage it used") {
  Handbook book;
  CHECK(book.run({"knowledge", "add"}).exit_code == 0);
  auto asked = book.daemon.run(
      {"ask", "-c", book.daemon.config(), "--json", "How many days of annual leave do employees have?"});
  CHECK(asked.exit_code == 0);
  Json answer;
  std::size_t begin = 0;
  while (begin < asked.out.size()) {
    const std::size_t end = std::min(asked.out.find('\n', begin), asked.out.size());
    auto event = parse_json(asked.out.substr(begin, end - begin));
    if (event && string_or(*event, "type") == "answer") answer = *event;
    begin = end + 1;
  }
  REQUIRE_MESSAGE(answer.contains("citations"), asked.out);
  CHECK(string_or(answer, "text").contains("25 days"));
  const Json& cited = answer["citations"][0];
  CHECK(string_or(answer, "text").contains(fmt::format("[{}]", cited["index"].get<int>())));
  CHECK(string_or(cited, "source") == book.path("leave.md"));
  CHECK(cited["chunk"].is_number_integer());
  CHECK(string_or(cited, "title") == "Leave");
}

TEST_CASE("a daemon takes its sources in when it starts and when it reloads, and answers from them") {
  Handbook book;
  book.daemon.start();
  auto found = [&](const std::string& text) {
    for (int i = 0; i < 600; ++i) {
      auto out = book.run({"knowledge", "search", "handbook", "annual leave", "-k", "1"}).out;
      if (out.contains(text)) return true;
    }
    return false;
  };
  CHECK(found("25 days"));
  book.write("leave.md", "# Leave\n\nEmployees have 31 days of annual leave each year.\n");
  book.daemon.process().signal(SIGHUP);
  CHECK(found("31 days"));
  auto asked = book.daemon.run(
      {"ask", "-c", book.daemon.config(), "How many days of annual leave do employees have?"});
  CHECK(asked.out.contains("31 days"));
  CHECK(book.daemon.stop().exit_code == 0);
}
