#include "app/eval/ranked_documents.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::app;

namespace {

memory::Hit hit(std::string source, std::string title = "", Json metadata = Json::object()) {
  memory::Hit made;
  made.source = std::move(source);
  made.title = std::move(title);
  made.metadata = std::move(metadata);
  return made;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a document is named by its source, the end of its path, an id in its metadata or its title") {
  const memory::Hit leave = hit("/home/x/docs/leave.md", "Leave", {{"id", 17}});
  CHECK(document_name(leave, {{"/home/x/docs/leave.md", 1}}) == "/home/x/docs/leave.md");
  CHECK(document_name(leave, {{"leave.md", 1}}) == "leave.md");
  CHECK(document_name(leave, {{"docs/leave.md", 1}}) == "docs/leave.md");
  CHECK(document_name(leave, {{"17", 1}}) == "17");
  CHECK(document_name(leave, {{"Leave", 1}}) == "Leave");
  CHECK(document_name(hit("q#1", "T", {{"id", "abc"}}), {{"abc", 0}}) == "abc");
}

TEST_CASE("a document that nobody judged is called as its source") {
  const memory::Hit leave = hit("/home/x/docs/leave.md", "Leave");
  CHECK(document_name(leave, {}) == leave.source);
  CHECK(document_name(leave, {{"ave.md", 1}}) == leave.source);  // no whole name of a file
  CHECK(document_name(leave, {{"", 1}, {"leave", 1}}) == leave.source);
}

TEST_CASE("a document stands at the place of its best passage, once") {
  const std::vector<memory::Hit> hits{hit("a"), hit("b"), hit("a"), hit("/x/c.md"), hit("b"), hit("d")};
  CHECK(ranked_documents(hits, {{"c.md", 1}}, 10) == Names{"a", "b", "c.md", "d"});
  CHECK(ranked_documents(hits, {}, 2) == Names{"a", "b"});
  CHECK(ranked_documents({}, {{"a", 1}}, 10).empty());
}

TEST_CASE("more passages are asked for than documents, but not of a search that chooses from few") {
  memory::SearchSettings settings;
  CHECK(passages_for(settings, 10) == 10 * kPassagesPerDocument);
  CHECK(passages_for(settings, 100) == 200);
  settings.mode = memory::SearchMode::mmr;
  settings.fetch_k = 20;
  CHECK(passages_for(settings, 10) == 20);
  CHECK(passages_for(settings, 30) == 30);
  settings.mode = memory::SearchMode::keyword;
  CHECK(passages_for(settings, 10) == 50);
  settings.rerank.model = "judge";
  CHECK(passages_for(settings, 10) == 20);
}
