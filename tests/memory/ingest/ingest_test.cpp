#include "memory/knowledge/ingest/limits.h"
#include "memory/knowledge/keyword/keyword.h"
#include "memory/knowledge/store/schema.h"
#include "memory/knowledge/store/writes.h"
#include "models/embedders/hashed_text.h"
#include "tests/memory/ingest/ingest_bench.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <unistd.h>

using namespace troupe;
using namespace troupe::memory;
using troupe::memory::testing::IngestBench;

namespace {

using Names = std::vector<std::string>;

std::string paragraphs(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "Paragraph number " + std::to_string(i) + " is about towers.\n\n";
  return text;
}

/// Some documents, of one chunk and of many.
void fill(IngestBench& bench) {
  bench.folder.write("a.md", "# Apples\n\nApples are round.\n");
  bench.folder.write("b.txt", paragraphs(7));
  bench.folder.write("sub/c.md", paragraphs(3));
  bench.folder.write("d.csv", "name,size\nx,1\ny,2\n");
}

}  // namespace

TEST_CASE("what sources hold is found by words and by vectors") {
  IngestBench bench;
  fill(bench);
  const auto report = bench.done();
  CHECK(report.added == 4);
  CHECK(report.failed == 0);
  CHECK(report.warnings.empty());
  CHECK(report.chunks == bench.ask(bench.store->list_bases()).at(0).chunks);
  CHECK(report.bytes > 300);
  CHECK(report.usage.input_tokens == 5 * 4);
  CHECK(bench.names() == Names{"a.md", "b.txt", "d.csv", "sub/c.md"});
  const auto base = bench.ask(bench.store->read_base(bench.target.key));
  CHECK(base->embedding == "builtin/512");
  CHECK(base->dimensions == 512);
  // By a word of the text, and by one of the title alone.
  CHECK(bench.ask(bench.store->match_terms(base->id, keyword_query("tower"), 99, std::nullopt)).size() >= 10);
  CHECK_FALSE(
      bench.ask(bench.store->match_terms(base->id, keyword_query("apple"), 99, std::nullopt)).empty());
  bench.sound();
}

TEST_CASE("vectors are those of the chunks' texts") {
  IngestBench bench;
  bench.folder.write("b.txt", paragraphs(5));
  bench.done();
  const auto row = bench.documents().at(0);
  for (const auto& chunk : bench.ask(bench.store->chunks_between(row.id, 0, 99))) {
    std::vector<float> expected(models::HashedText::kDimensions);
    models::HashedText::embed(chunk.text, expected);
    CHECK(bench.ask(bench.store->read_vectors({chunk.id}, expected.size())) == expected);
  }
}

TEST_CASE("sources that have not changed cost the listing only") {
  IngestBench bench;
  fill(bench);
  bench.done();
  const auto before = bench.ask(bench.store->read_base(bench.target.key))->generation;
  bench.reader.sources.clear();
  bench.embedder->calls = 0;
  const auto again = bench.done();
  CHECK(again.unchanged == 4);
  CHECK(again.added + again.changed + again.removed + again.failed == 0);
  CHECK(again.bytes == 0);
  CHECK(bench.reader.sources.empty());
  CHECK(bench.embedder->calls == 0);
  CHECK(bench.ask(bench.store->read_base(bench.target.key))->generation == before);
}

TEST_CASE("only what changed is read, and what is gone goes") {
  IngestBench bench;
  fill(bench);
  bench.done();
  bench.reader.sources.clear();
  bench.folder.write("a.md", "# Pears\n\nPears are not round.\n");
  bench.folder.write("new.txt", "New.");
  std::filesystem::remove(bench.folder.path("b.txt"));
  const auto report = bench.done();
  CHECK(report.added == 1);
  CHECK(report.changed == 1);
  CHECK(report.removed == 1);
  CHECK(report.unchanged == 2);
  CHECK(bench.reader.sources.size() == 2);
  CHECK(bench.names() == Names{"a.md", "d.csv", "new.txt", "sub/c.md"});
  CHECK(bench.text("a.md").contains("Pears"));
  bench.sound();
}

TEST_CASE("a file that was touched and is the same is read by no reader, and its new stamp is kept") {
  IngestBench bench;
  fill(bench);
  bench.done();
  bench.reader.sources.clear();
  bench.folder.age(bench.folder.path("b.txt"));
  const auto first = bench.done();
  CHECK(first.unchanged == 4);
  CHECK(first.bytes > 0);
  CHECK(bench.reader.sources.empty());
  CHECK(bench.done().bytes == 0);
}

TEST_CASE("another way of cutting needs no reading, neither of files nor of documents") {
  IngestBench bench;
  fill(bench);
  bench.done();
  bench.reader.sources.clear();
  bench.target.chunk.size = 200;
  const auto before = bench.ask(bench.store->list_bases()).at(0).chunks;
  auto report = bench.done();
  CHECK(report.changed == 4);
  CHECK(report.bytes == 0);
  CHECK(bench.reader.sources.empty());
  CHECK(bench.ask(bench.store->list_bases()).at(0).chunks < before);
  SUBCASE("nor does another embedding") {
    bench.target.embedding = "other";
    bench.embedder->calls = 0;
    report = bench.done();
    CHECK(report.changed == 4);
    CHECK(bench.reader.sources.empty());
    CHECK(bench.embedder->calls == 5);
  }
  SUBCASE("nor does none at all") {
    bench.target.embedding = "";
    bench.with_embedder = false;
    report = bench.done();
    CHECK(report.changed == 4);
    CHECK(bench.reader.sources.empty());
    CHECK(bench.dimensions() == 0);
  }
  bench.sound();
  CHECK(bench.done().unchanged == 4);
}

TEST_CASE("a text that was damaged in the base is read from its source again") {
  IngestBench bench;
  fill(bench);
  bench.done();
  bench.reader.sources.clear();
  auto database = open_knowledge((bench.home.path() / "knowledge.db").string());
  REQUIRE(database.has_value());
  REQUIRE(
      database->execute("UPDATE documents SET layout = '{\"pages\":[[99999,1]]}' WHERE source LIKE '%b.txt'")
          .has_value());
  bench.target.chunk.size = 200;
  const auto report = bench.done();
  CHECK(report.changed == 4);
  CHECK(report.failed == 0);
  CHECK(bench.reader.sources == Names{bench.folder.path("b.txt")});
  bench.sound();
}

TEST_CASE("without an embedder words are enough") {
  IngestBench bench;
  fill(bench);
  bench.with_embedder = false;
  bench.target.embedding = "";
  CHECK(bench.done().added == 4);
  const auto base = bench.ask(bench.store->read_base(bench.target.key));
  CHECK(base->dimensions == 0);
  CHECK(base->chunks > 4);
  CHECK_FALSE(bench.ask(bench.store->match_terms(base->id, "\"tower\"", 9, std::nullopt)).empty());
  bench.sound();
  CHECK(bench.done().unchanged == 4);
}

TEST_CASE("everything is read again when that is wanted") {
  IngestBench bench;
  fill(bench);
  bench.done();
  auto request = bench.request();
  request.force = true;
  CHECK(bench.done(std::move(request)).changed == 4);
  CHECK(bench.reader.sources.size() == 8);
}

TEST_CASE("a document that cannot be read is a warning, the others are taken in, the old version stays") {
  IngestBench bench;
  fill(bench);
  bench.folder.write("old.json", "{\"a\": 1}");
  bench.done();
  bench.folder.write("old.json", "{broken");
  bench.folder.write("z.txt", "Last.");
  const auto report = bench.done();
  CHECK(report.failed == 1);
  CHECK(report.added == 1);
  REQUIRE(report.warnings.size() == 1);
  CHECK(report.warnings[0].starts_with(bench.folder.path("old.json") + " was not taken in: "));
  CHECK(bench.text("old.json").contains("1"));
  CHECK(bench.done().failed == 1);
}

TEST_CASE("a file beyond the limit is passed over, and a document without text is told") {
  IngestBench bench;
  bench.target.limits.file = 100;
  bench.folder.write("big.txt", std::string(101, 'x'));
  bench.folder.write("empty.txt", " \n \n");
  const auto sparse = bench.folder.write("line.txt", "x");
  REQUIRE(::truncate(sparse.c_str(), 1ll << 30) == 0);
  bench.folder.age(sparse);
  const auto report = bench.done();
  CHECK(report.failed == 2);
  CHECK(report.added == 1);
  CHECK(report.bytes < 10);
  REQUIRE(report.warnings.size() == 3);
  CHECK(std::ranges::count_if(report.warnings, [](const auto& w) { return w.contains("limits.file"); }) == 2);
  CHECK(bench.names() == Names{"empty.txt"});
}

TEST_CASE("what could not be listed is not taken away") {
  IngestBench bench;
  bench.folder.write("docs/a.md", "A");
  bench.folder.write("b.md", "B");
  bench.sources = {bench.folder.path("docs"), bench.folder.path("b.md")};
  bench.done();
  std::filesystem::rename(bench.folder.path("docs"), bench.folder.path("moved"));
  std::filesystem::remove(bench.folder.path("b.md"));
  const auto report = bench.done();
  CHECK(report.removed == 0);
  CHECK(report.warnings.size() == 2);
  CHECK(bench.names() == Names{"b.md", "docs/a.md"});
  bench.sources = {bench.folder.path("moved")};
  CHECK(bench.done().removed == 2);
  CHECK(bench.names() == Names{"moved/a.md"});
}

TEST_CASE("what is added by hand stays, whatever the sources name") {
  IngestBench bench;
  fill(bench);
  bench.done();
  IngestRequest adding{.origin = Origin::added, .sources = {bench.folder.path("a.md")}};
  adding.given.push_back({"notes", "# Mine\n\nNotes of mine.", "text/markdown"});
  auto report = bench.done(std::move(adding));
  CHECK(report.added == 1);
  CHECK(report.unchanged == 1);
  CHECK(report.removed == 0);
  CHECK(bench.text("notes").contains("Notes of mine."));
  bench.sources = {bench.folder.path("sub")};
  report = bench.done();
  CHECK(report.removed == 2);
  CHECK(bench.names() == Names{"a.md", "sub/c.md", "notes"});

  SUBCASE("given again it is replaced, or left when it is the same") {
    IngestRequest again{.origin = Origin::added};
    again.given.push_back({"notes", "Others.", ""});
    again.given.push_back({"", "nameless", ""});
    report = bench.done(std::move(again));
    CHECK(report.changed == 1);
    CHECK(report.failed == 1);
    CHECK(bench.text("notes") == "Others.\n");
    IngestRequest same{.origin = Origin::added};
    same.given.push_back({"notes", "Others.", ""});
    CHECK(bench.done(std::move(same)).unchanged == 1);
  }
  SUBCASE("it cannot pass for a source") {
    IngestRequest wrong{.given = {{"x", "y", ""}}};
    CHECK(bench.run(std::move(wrong)).error().code == ErrorCode::invalid);
  }
}

TEST_CASE("what is added by hand while its source is found to be gone stays") {
  IngestBench bench;
  fill(bench);
  bench.done();
  std::filesystem::remove(bench.folder.path("a.md"));
  bench.folder.write("new.txt", "New.");
  auto request = bench.request();
  bool added = false;
  request.on_progress = [&](const IngestProgress& progress) {
    if (progress.phase != IngestProgress::Phase::documents || added) return;
    added = true;  // what is to be removed is decided by now
    auto other = open_knowledge((bench.home.path() / "knowledge.db").string());
    REQUIRE(other);
    auto row = read_document(*other, 1, bench.folder.path("a.md"));
    REQUIRE((row && *row));
    REQUIRE(touch_document(*other, (*row)->id, Origin::added, ""));
  };
  const auto report = bench.done(std::move(request));
  CHECK(added);
  CHECK(report.removed == 0);
  CHECK(bench.text("a.md").contains("Apples"));
  CHECK(bench.done().removed == 0);
}

TEST_CASE("a document that is in a shared and in a tenant's base goes from the one that loses it") {
  IngestBench bench;
  fill(bench);
  bench.done();
  bench.target.key.tenant = "acme";
  bench.done(IngestRequest{.origin = Origin::added, .sources = {bench.folder.path("a.md")}});
  std::filesystem::remove(bench.folder.path("a.md"));
  bench.target.key.tenant = "";
  CHECK(bench.done().removed == 1);
  CHECK(bench.names().size() == 3);
  bench.target.key.tenant = "acme";
  CHECK(bench.names() == Names{"a.md"});
  CHECK(bench.text("a.md").contains("Apples"));
  const auto theirs = bench.ask(bench.store->find_base(bench.target.key));
  CHECK(bench.ask(bench.store->match_terms(theirs->id, keyword_query("apple"), 9, std::nullopt)).size() >= 1);
  CHECK(bench.ask(bench.store->remove_document(theirs->id, bench.folder.path("a.md"))));
  bench.target.key.tenant = "";
  CHECK(bench.names().size() == 3);
  bench.sound();
}

TEST_CASE("bases of tenants do not meet") {
  IngestBench bench;
  fill(bench);
  bench.done();
  bench.target.key.tenant = "acme";
  IngestRequest adding{.origin = Origin::added};
  adding.given.push_back({"notes", "Theirs.", ""});
  bench.done(std::move(adding));
  CHECK(bench.names() == Names{"notes"});
  bench.target.key.tenant = "";
  CHECK(bench.done().unchanged == 4);
  CHECK(bench.names().size() == 4);
}

TEST_CASE("an ingest can be stopped anywhere; what was committed stays and the rest is done later") {
  IngestBench whole;
  for (int i = 0; i < 12; ++i) whole.folder.write(std::to_string(i) + ".txt", paragraphs(i + 1));
  whole.done();
  const auto content = whole.content();

  // At the n-th turn of the progress, the n-th call of the reader and the n-th of the embedder.
  for (int where = 0; where < 3; ++where)
    for (std::size_t n = 1; n <= 24; n += 4) {
      INFO("where " << where << ", n " << n);
      IngestBench bench;
      for (int i = 0; i < 12; ++i) bench.folder.write(std::to_string(i) + ".txt", paragraphs(i + 1));
      std::size_t turn = 0;
      const auto count = [&] {
        if (++turn == n) bench.stop->request(StopReason::cancelled);
      };
      auto request = bench.request();
      if (where == 0) request.on_progress = [&](const IngestProgress&) { count(); };
      if (where == 1) bench.reader.on_read = [&](const std::string&) { count(); };
      if (where == 2) bench.embedder->on_call = [&](std::size_t) { count(); };
      const auto stopped = bench.run(std::move(request));
      CHECK(stopped.has_value() == !bench.stop->requested());
      if (!stopped) CHECK(stopped.error().code == ErrorCode::cancelled);
      bench.sound();
      const std::size_t before = bench.documents().size();
      for (const auto& [name, what] : bench.content()) CHECK(content.at(name) == what);

      bench.reader.on_read = nullptr;
      bench.embedder->on_call = nullptr;
      bench.stop = std::make_unique<Stop>();
      const auto rest = bench.done();
      CHECK(rest.unchanged == before);
      CHECK(rest.added == 12 - before);
      CHECK(bench.content() == content);
    }
}

TEST_CASE("an embedder that is down ends the ingest soon; what was embedded stays") {
  IngestBench bench;
  for (int i = 0; i < 30; ++i) bench.folder.write(std::to_string(i) + ".txt", paragraphs(1));
  bench.embedder->error = Error{.code = ErrorCode::network, .message = "refused after 5 attempts"};
  bench.embedder->fails = [](std::size_t call, const auto&) { return call > 10; };
  const auto report = bench.run();
  REQUIRE_FALSE(report.has_value());
  CHECK(report.error().code == ErrorCode::network);
  CHECK(report.error().message.contains("knowledge `k`: refused after 5 attempts"));
  CHECK(bench.documents().size() == 10);
  CHECK(bench.embedder->calls <= 10 + limits::kOutagesInRow + limits::kDocumentsAtOnce);
  bench.embedder->error.reset();
  CHECK(bench.done().added == 20);
  bench.sound();
}

TEST_CASE("a base keeps what it has while its new embedder does not answer") {
  IngestBench bench;
  fill(bench);
  bench.done();
  const auto before = bench.content();
  bench.target.embedding = "another";
  bench.embedder->error = Error{.code = ErrorCode::network, .message = "nobody listens there"};
  const auto report = bench.run();
  REQUIRE_FALSE(report.has_value());
  CHECK(report.error().message.contains("keeps the vectors it has"));
  CHECK(report.error().message.contains("nobody listens there"));
  CHECK(bench.content() == before);
  CHECK(bench.ask(bench.store->find_base(bench.target.key))->embedding == "builtin/512");
  bench.embedder->error.reset();
  CHECK(bench.done().changed == 4);
  bench.sound();
}

TEST_CASE("an embedder that refuses one document takes the others") {
  IngestBench bench;
  for (int i = 0; i < 30; ++i) bench.folder.write(std::to_string(i) + ".txt", i == 7 ? "bad" : paragraphs(1));
  bench.embedder->error = Error{.code = ErrorCode::too_large, .message = "too long"};
  bench.embedder->fails = [](std::size_t, const auto& texts) { return texts.at(0) == "bad"; };
  const auto report = bench.done();
  CHECK(report.failed == 1);
  CHECK(report.added == 29);
}

TEST_CASE("a long document is embedded some texts at a time, and fails whole") {
  IngestBench bench;
  bench.folder.write("long.txt", paragraphs(1'000));
  bench.embedder->error = Error{.code = ErrorCode::network, .message = "down"};
  bench.embedder->fails = [](std::size_t call, const auto&) { return call == 3; };
  CHECK(bench.done().failed == 1);
  CHECK(bench.documents().empty());
  CHECK(bench.embedder->count <= 3 * limits::kEmbeddedTexts);
  CHECK(bench.done().added == 1);
  bench.sound();
}

TEST_CASE("a reader that does not run ends the ingest, one that lacks a program does not") {
  IngestBench bench;
  for (int i = 0; i < 30; ++i) bench.folder.write(std::to_string(i) + ".txt", "x");
  bench.reader.error = Error{.code = ErrorCode::unavailable, .message = "install poppler-utils"};
  CHECK(bench.done().failed == 30);
  bench.reader.sources.clear();
  bench.reader.error->retryable = true;
  CHECK(bench.run().error().code == ErrorCode::unavailable);
  CHECK(bench.reader.sources.size() <= limits::kOutagesInRow + limits::kDocumentsAtOnce);
}

TEST_CASE("an embedder whose vectors changed their length under its name is a conflict") {
  IngestBench bench;
  fill(bench);
  bench.done();
  bench.with_embedder = false;  // vectors of no numbers where 512 belong
  bench.folder.write("new.txt", "New.");
  CHECK(bench.run().error().code == ErrorCode::conflict);
  bench.sound();
}

TEST_CASE("progress and changes are told as they happen") {
  IngestBench bench;
  fill(bench);
  bench.done();
  REQUIRE_FALSE(bench.progress.empty());
  CHECK(bench.progress.front().phase == IngestProgress::Phase::listing);
  CHECK(bench.progress.back().done == 4);
  CHECK(bench.progress.back().total == 4);
  for (std::size_t i = 1; i < bench.progress.size(); ++i) {
    CHECK(bench.progress[i].done >= bench.progress[i - 1].done);
    CHECK(bench.progress[i].chunks >= bench.progress[i - 1].chunks);
  }
  REQUIRE(bench.changes.size() == 4);
  std::set<std::int64_t> chunks;
  std::int64_t generation = 0;
  for (const auto& change : bench.changes) {
    CHECK(change.generation == ++generation);
    chunks.insert(change.added.begin(), change.added.end());
  }

  bench.changes.clear();
  bench.folder.write("b.txt", "Short.");
  std::filesystem::remove(bench.folder.path("a.md"));
  bench.done();
  REQUIRE(bench.changes.size() == 2);
  for (const auto& change : bench.changes) {
    for (const auto id : change.removed) CHECK(chunks.erase(id) == 1);
    chunks.insert(change.added.begin(), change.added.end());
  }
  CHECK(bench.changes[1].document == 0);
  CHECK(chunks.size() == static_cast<std::size_t>(bench.ask(bench.store->list_bases()).at(0).chunks));
}

TEST_CASE("each document has one event, between that of the beginning and that of the end") {
  using What = IngestEvent::What;
  IngestBench bench;
  fill(bench);
  std::vector<std::string> told;
  auto events = [&](IngestRequest request) {
    told.clear();
    request.on_event = [&](const IngestEvent& event) {
      std::string line(word(event.what));
      if (!event.source.empty()) line += ' ' + event.source.substr(event.source.rfind('/') + 1);
      if (event.what == What::started) line += ' ' + std::to_string(event.total);
      if (!event.why.empty()) line += " !";
      told.push_back(line);
      CHECK((event.report != nullptr) == (event.what == What::finished));
    };
    auto report = bench.run(std::move(request));
    REQUIRE(told.size() >= 1);
    std::sort(told.begin() + (told.front().starts_with("started") ? 1 : 0), told.end() - 1);
    return report;
  };
  REQUIRE(events(bench.request()));
  CHECK(told == Names{"started 4", "added a.md", "added b.txt", "added c.md", "added d.csv", "finished"});
  bench.folder.write("b.txt", "Short.");
  bench.folder.age(bench.folder.path("sub/c.md"));  // read, and the same
  std::filesystem::remove(bench.folder.path("a.md"));
  bench.folder.write("new.json", "{");
  auto request = bench.request();
  request.sources.push_back(bench.folder.path("nowhere.md"));
  auto report = events(std::move(request));
  REQUIRE(report);
  CHECK(told == Names{"started 4", "changed b.txt", "failed !", "failed new.json !", "removed a.md",
                      "unchanged c.md", "unchanged d.csv", "finished"});
  CHECK(report->failed == 2);
  CHECK(report->unchanged == 2);

  bench.stop->request(StopReason::cancelled);
  CHECK_FALSE(events(bench.request()));
  CHECK(told == Names{"finished !"});
}

TEST_CASE("warnings have a bound") {
  IngestBench bench;
  for (std::size_t i = 0; i < limits::kIngestWarnings + 7; ++i)
    bench.folder.write(std::to_string(i) + ".json", "{");
  const auto report = bench.done();
  CHECK(report.warnings.size() == limits::kIngestWarnings);
  CHECK(report.more_warnings == 7);
}
