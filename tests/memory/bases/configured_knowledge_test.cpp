#include "tests/memory/bases/knowledge_world.h"
#include "tests/models/call.h"

#include <algorithm>
#include <fstream>
#include <random>
#include <set>

#include <fmt/format.h>

using namespace troupe;
using namespace troupe::memory;
using namespace troupe::memory::testing;

using Texts = std::vector<std::string>;

namespace {

constexpr SearchMode kModes[] = {SearchMode::similarity, SearchMode::keyword, SearchMode::hybrid,
                                 SearchMode::mmr};

SearchOverrides filtered(const Json& filter, SearchMode mode = SearchMode::similarity, std::size_t k = 5) {
  SearchOverrides overrides = by(mode);
  overrides.k = k;
  overrides.filter = take(Filter::parse(filter));
  return overrides;
}

}  // namespace

TEST_CASE("what is put is found in every mode, with its place, and what is replaced or removed is not") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  world.put("towers.md", "The Eiffel tower is in Paris.\nThe lift of the tower was built in 1889.");
  world.put("rivers.md", "The Seine is a river.");
  for (SearchMode mode : kModes) {
    CAPTURE(word(mode));
    const auto found = take(world.search("Eiffel tower", by(mode)));
    REQUIRE_FALSE(found.hits.empty());
    const Hit& hit = found.hits[0];
    CHECK(hit.text == "The Eiffel tower is in Paris.");
    CHECK(hit.source == "towers.md");
    CHECK(hit.title == "About towers.md");
    CHECK(hit.page == 1);
    CHECK(hit.begin == 0);
    CHECK(hit.end == hit.text.size());
    CHECK(found.remarks.empty());
  }
  const Change before = world.put("towers.md", "The CN tower is in Toronto.");
  for (SearchMode mode : kModes)
    CHECK(world.found("Eiffel tower", by(mode))[0] == "The CN tower is in Toronto.");
  CHECK(take(fakes::run(world.loop, world.store->remove_document(
                                        take(fakes::run(world.loop, world.store->find_base({"", "k"})))->id,
                                        "towers.md")))
            ->removed == before.added);
  for (SearchMode mode : kModes)
    for (const std::string& text : world.found("tower", by(mode))) CHECK(text == "The Seine is a river.");
}

TEST_CASE("a change by another process is seen by the next search") {
  fakes::TempDir folder;
  KnowledgeWorld here(folder.path().string());
  here.put("a", "apples are red");
  CHECK(here.found("bananas are yellow") == Texts{"apples are red"});
  {
    KnowledgeWorld there(folder.path().string());
    there.put("b", "bananas are yellow");
  }
  CHECK(here.found("bananas are yellow")[0] == "bananas are yellow");
  {
    KnowledgeWorld there(folder.path().string());
    take(fakes::run(there.loop, there.store->remove_base({"", "k"})));
  }
  const auto none = take(here.search("bananas"));
  CHECK(none.hits.empty());
  REQUIRE(none.remarks.size() == 1);
  CHECK(none.remarks[0].contains("holds nothing yet"));
  here.put("c", "cherries");
  CHECK(here.found("bananas") == Texts{"cherries"});
}

TEST_CASE("a tenant finds what is shared and what it added itself, and never what another one added") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  world.put("shared", "the holiday is in August");
  world.put("acme's", "the holiday of acme is in May", Json::object(), {"acme", "k"});
  world.put("globex's", "the holiday of globex is in June", Json::object(), {"globex", "k"});
  for (SearchMode mode : kModes) {
    CAPTURE(word(mode));
    auto sorted = [&](const std::string& tenant) {
      Texts found = world.found("holiday", by(mode), tenant);
      std::ranges::sort(found);
      return found;
    };
    CHECK(sorted("acme") == Texts{"the holiday is in August", "the holiday of acme is in May"});
    CHECK(sorted("globex") == Texts{"the holiday is in August", "the holiday of globex is in June"});
    CHECK(sorted("nobody") == Texts{"the holiday is in August"});
  }
  // Named by its id or source, another tenant's document is not there either.
  auto theirs = world.search("holiday", by(SearchMode::similarity), "globex");
  const auto hits = take(theirs).hits;
  const auto document =
      std::ranges::find(hits, "globex's", [](const Hit& hit) { return hit.source; })->document;
  SearchOverrides by_id = by(SearchMode::keyword);
  for (const std::string& name : {std::to_string(document), std::string("globex's")}) {
    by_id.document = name;
    auto refused = world.search("holiday", by_id, "acme");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::not_found);
  }
  auto all = world.knowledge();
  CallContext context{.loop = world.loop,
                      .stop = world.stop,
                      .deadline = {},
                      .events = world.events,
                      .principal = {.name = "", .tenant = "acme"}};
  auto read = fakes::run(world.loop, all.read("k", document, 0, 10, context));
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().code == ErrorCode::not_found);
}

TEST_CASE("filters find what comparing with everything finds, in every mode and kind of index") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  std::mt19937 random(7);
  const Texts words{"tower", "river", "bridge", "law", "holiday", "budget", "engine", "garden"};
  std::map<std::string, Json> metadata_of;
  for (int i = 0; i < 60; ++i) {
    std::string text;
    for (int line = 0; line < 8; ++line) {
      if (line) text += '\n';
      for (int w = 0; w < 5; ++w) text += words[random() % words.size()] + ' ';
      text += fmt::format("number {} {}", i, line);
    }
    const std::string source = fmt::format("d{}", i);
    metadata_of[source] = {{"year", 2000 + i % 20}, {"lang", i % 3 ? "en" : "ko"}};
    world.put(source, text, metadata_of[source]);
  }
  const Json filters[] = {{{"year", 2007}},
                          {{"year", {{"gte", 2015}}}, {"lang", "ko"}},
                          {{"page", {{"in", {2, 3}}}}},
                          {{"page", 8}, {"lang", {{"ne", "en"}}}},
                          {{"heading", "law"}},
                          {{"source", "d17"}},
                          {{"title", "About d3"}, {"page", {{"lt", 4}}}},
                          {{"missing", {{"exists", true}}}}};
  for (const auto kind : {IndexKind::flat, IndexKind::hnsw}) {
    world.settings.index.kind = kind;
    take(world.search("tower"));
    fakes::run(world.loop, world.table.image({"", "k"})->settled());
    CHECK(world.table.image({"", "k"})->sizes().kind == kind);
    for (const Json& filter : filters)
      for (SearchMode mode : {SearchMode::similarity, SearchMode::keyword}) {
        CAPTURE(filter.dump());
        CAPTURE(word(mode));
        SearchOverrides everything = by(mode);
        everything.k = 200;
        std::vector<std::int64_t> expected;
        // All there are, 480, in pieces of one document each.
        std::vector<Hit> all;
        for (const auto& [source, fields] : metadata_of) {
          everything.document = source;
          for (Hit& hit : take(world.search("river law engine", everything)).hits)
            all.push_back(std::move(hit));
        }
        std::ranges::sort(all, [](const Hit& a, const Hit& b) {
          return a.score != b.score ? a.score > b.score : a.chunk < b.chunk;
        });
        const Filter parsed = take(Filter::parse(filter));
        for (const Hit& hit : all) {
          StoredChunk chunk{.document = hit.document,
                            .page = hit.page,
                            .heading = hit.heading,
                            .source = hit.source,
                            .title = hit.title,
                            .metadata = hit.metadata};
          if (expected.size() < 12 && parsed.matches(filter_fields(chunk))) expected.push_back(hit.chunk);
        }
        std::vector<std::int64_t> found;
        for (const Hit& hit : take(world.search("river law engine", filtered(filter, mode, 12))).hits)
          found.push_back(hit.chunk);
        CHECK(found == expected);
      }
  }
}

TEST_CASE("vectors of another embedding are not compared: words still find, and what to do is said") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  world.put("a", "apples are red", Json::object(), {"", "k"}, "another");
  auto refused = world.search("apples", by(SearchMode::similarity));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::conflict);
  CHECK(refused.error().message.contains("troupe knowledge add k"));
  const auto words = take(world.search("apples", by(SearchMode::hybrid)));
  CHECK(words.hits.size() == 1);
  REQUIRE(words.remarks.size() == 1);
  CHECK(words.remarks[0].contains("another embedding"));
  CHECK(world.found("apples", by(SearchMode::keyword)) == Texts{"apples are red"});
}

TEST_CASE("an index is kept in a file, read instead of the rows, and made anew when the file is damaged") {
  fakes::TempDir folder;
  std::string lines;
  for (int i = 0; i < 1'200; ++i) lines += fmt::format("line {} about {}\n", i, i * 7919);
  lines.pop_back();
  auto index_file = [&]() -> std::string {
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      if (entry.path().extension() == ".index") return entry.path().string();
    return "";
  };
  Texts expected;
  {
    KnowledgeWorld world(folder.path().string());
    world.put("lines", lines);
    expected = world.found("line 700 about");
    fakes::run(world.loop, world.table.save());
  }
  const std::string file = index_file();
  REQUIRE_FALSE(file.empty());
  const auto written = std::filesystem::last_write_time(file);
  {
    KnowledgeWorld world(folder.path().string());
    CHECK(world.found("line 700 about") == expected);
    fakes::run(world.loop, world.table.save());
    CHECK(std::filesystem::last_write_time(file) == written);  // it was what there is
  }
  {
    std::fstream damage(file, std::ios::in | std::ios::out | std::ios::binary);
    damage.seekp(5'000);
    damage.put('\x5a');
    damage.put('\xa5');
  }
  {
    KnowledgeWorld world(folder.path().string());
    CHECK(world.found("line 700 about") == expected);
    fakes::run(world.loop, world.table.save());
    CHECK(std::filesystem::last_write_time(file) != written);
  }
  {
    // Rows that came since make the file one of another state.
    KnowledgeWorld world(folder.path().string());
    world.put("more", "line 700 about exactly this");
    CHECK(world.found("line 700 about exactly this")[0] == "line 700 about exactly this");
  }
}

TEST_CASE("a graph is made beside the flat index while searches and changes go on, and follows these") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  world.settings.index.flat_vectors = 500;
  std::string lines;
  for (int i = 0; i < 1'500; ++i) lines += fmt::format("entry {} of {}\n", i, (i * 7919) % 1'000);
  world.put("lines", lines.substr(0, lines.size() - 1));
  const auto image = world.table.image({"", "k"});
  CHECK(world.found("entry 1 of")[0].starts_with("entry 1"));
  CHECK(image->sizes().rebuilding);
  CHECK(image->sizes().kind == IndexKind::flat);
  const Change late = world.put("late", "a sentence about zebras");
  world.put("gone", "another sentence about zebras");
  CHECK(world.found("sentence about zebras").size() == 5);
  take(fakes::run(world.loop,
                  world.store->remove_document(
                      take(fakes::run(world.loop, world.store->find_base({"", "k"})))->id, "gone")));
  CHECK(world.found("sentence about zebras")[0] == "a sentence about zebras");
  fakes::run(world.loop, image->settled());
  CHECK_FALSE(image->sizes().rebuilding);
  CHECK(image->sizes().kind == IndexKind::hnsw);
  CHECK(image->sizes().vectors == 1'501);
  const auto hits = take(world.search("sentence about zebras")).hits;
  CHECK(hits[0].chunk == late.added[0]);
  for (const Hit& hit : hits) CHECK_FALSE(hit.text.contains("another"));
  CHECK(std::filesystem::exists(folder.path() /
                                "knowledge-1.index"));  // what took long to make is kept at once
}

TEST_CASE("other metrics order as they do, and the score is the cosine") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  world.put("a", "red apples\ngreen pears\nblue plums");
  const auto cosine = take(world.search("red apples and green pears")).hits;
  for (Metric metric : {Metric::inner_product, Metric::l2}) {
    world.settings.index.metric = metric;
    const auto hits = take(world.search("red apples and green pears")).hits;
    REQUIRE(hits.size() == cosine.size());
    for (std::size_t i = 0; i < hits.size(); ++i)
      CHECK(hits[i].score == doctest::Approx(cosine[i].score).epsilon(1e-5));
  }
}

TEST_CASE("what a search spent is told by usage events at its price, also of one that finds no document") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  world.put("a", "apples\npears");
  auto all = world.knowledge({{"embeddings/hashing", {.input = 2'000'000}}});
  models::testing::RecordingEvents events;
  CallContext context{
      .loop = world.loop, .stop = world.stop, .deadline = {}, .events = events, .agent = "a", .step = 3};
  const auto search = [&](SearchOverrides overrides) {
    return fakes::run(world.loop, all.search("k", "apples", std::move(overrides), context));
  };
  REQUIRE(search(by(SearchMode::similarity)));
  REQUIRE(events.events.size() == 1);
  CHECK(events.events[0].type == "usage");
  CHECK(events.events[0].step == 3);
  CHECK(events.events[0].fields["model"] == "embeddings/hashing");
  CHECK(events.events[0].fields["input_tokens"] == 1);
  CHECK(events.events[0].fields["cost"] == 2.0);
  REQUIRE(search(by(SearchMode::keyword)));  // makes no vector
  CHECK(events.events.size() == 1);
  SearchOverrides missing = by(SearchMode::similarity);
  missing.document = "no such document";
  REQUIRE_FALSE(search(missing));
  CHECK(events.events.size() == 2);
}

TEST_CASE("what cannot be searched says why, and searches beside each other and a change are answered") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  auto unknown = world.search("x", {}, "default", "handbok");
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().code == ErrorCode::not_found);
  const auto empty = take(world.search("x"));
  CHECK(empty.hits.empty());
  CHECK(empty.remarks.size() == 1);
  world.put("a", "apples");
  SearchOverrides missing;
  missing.document = "pears";
  CHECK(world.search("x", missing).error().message.contains("there is no document `pears`"));
  CHECK(world.search("  ").error().code == ErrorCode::invalid);

  auto all = world.knowledge();
  CallContext context{.loop = world.loop, .stop = world.stop, .deadline = {}, .events = world.events};
  auto many = [&]() -> Task<bool> {
    Nursery nursery(world.loop);
    int answered = 0;
    auto one = [&]() -> Task<> {
      auto found = co_await all.search("k", "apples", {}, context);
      answered += found && !found->hits.empty();
    };
    for (int i = 0; i < 20; ++i) nursery.spawn("search", one);
    auto put = [&]() -> Task<> {
      auto base = co_await world.store->claim_base({"", "k"}, "hashing");
      auto done = co_await world.store->remove_document(base->id, "nothing");
      CHECK(done.has_value());
    };
    nursery.spawn("change", put);
    co_await nursery.join();
    co_return answered == 20;
  };
  CHECK(fakes::run(world.loop, many()));
}

TEST_CASE("a process may end, and a base be removed, while a graph is made") {
  fakes::TempDir folder;
  std::string lines;
  for (int i = 0; i < 1'500; ++i) lines += fmt::format("entry {} of {}\n", i, (i * 7919) % 1'000);
  lines.pop_back();
  {
    KnowledgeWorld world(folder.path().string());
    world.settings.index.flat_vectors = 500;
    world.put("lines", lines);
    CHECK(world.found("entry 1 of").size() == 5);
    CHECK(world.table.image({"", "k"})->sizes().rebuilding);
  }  // closes
  KnowledgeWorld world(folder.path().string());
  world.settings.index.flat_vectors = 500;
  CHECK(world.found("entry 1 of").size() == 5);
  const auto base = take(fakes::run(world.loop, world.store->find_base({"", "k"})));
  take(fakes::run(world.loop, world.store->remove_base({"", "k"})));
  CHECK(take(world.search("entry 1 of")).hits.empty());
  fakes::run(world.loop, world.table.forget({"", "k"}, base->id));
  world.put("new", "entry of another kind");
  CHECK(world.found("entry 1 of") == Texts{"entry of another kind"});
}

TEST_CASE("a base that is emptied while it is searched is an error or an answer, never anything else") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  world.settings.index.metric = Metric::l2;  // needs the vectors of what was found
  world.table.prefer("k", world.settings.index);
  for (int round = 0; round < 20; ++round) {
    world.put("a", "red apples\ngreen pears\nblue plums");
    auto all = world.knowledge();
    CallContext context{.loop = world.loop, .stop = world.stop, .deadline = {}, .events = world.events};
    auto both = [&]() -> Task<bool> {
      Nursery nursery(world.loop);
      for (int i = 0; i < 4; ++i)
        nursery.spawn("search", [&]() -> Task<> {
          auto found = co_await all.search("k", "apples", by(SearchMode::mmr), context);
          CHECK((found.has_value() || found.error().code == ErrorCode::conflict));
        });
      nursery.spawn("remove", [&]() -> Task<> { (void)co_await world.store->remove_base({"", "k"}); });
      for (int i = 0; i < 4; ++i)
        nursery.spawn("search", [&]() -> Task<> {
          auto found = co_await all.search("k", "apples", by(SearchMode::similarity), context);
          CHECK((found.has_value() || found.error().code == ErrorCode::conflict));
        });
      co_await nursery.join();
      co_return true;
    };
    CHECK(fakes::run(world.loop, both()));
  }
}

TEST_CASE("a document is named by the end of its path where that is one document's only") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  world.put("/srv/docs/leave.md", "days of leave");
  world.put("/srv/old/travel.md", "trains");
  world.put("/srv/new/travel.md", "flights");
  SearchOverrides only;
  only.document = "leave.md";
  CHECK(world.found("leave", only) == Texts{"days of leave"});
  only.document = "new/travel.md";
  CHECK(world.found("leave", only) == Texts{"flights"});
  only.document = "travel.md";
  CHECK(world.search("leave", only).error().code == ErrorCode::not_found);
  only.document = "avel.md";
  CHECK(world.search("leave", only).error().code == ErrorCode::not_found);
}

TEST_CASE("bases take only so much memory; one that was let go is read again") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  const std::size_t tenants = 30;
  constexpr std::size_t kBases = 10;
  auto name = [](std::size_t i) { return fmt::format("tenant{}", i); };
  for (std::size_t i = 0; i < tenants; ++i)
    world.put("d", fmt::format("the code of {} is {}", name(i), i * 7919), Json::object(), {name(i), "k"});
  world.found("code", {}, name(0));
  const std::size_t most = kBases * (world.table.bytes() / 2);  // what is shared has none
  world.table.allow(most);
  for (int round = 0; round < 2; ++round)
    for (std::size_t i = 0; i < tenants; ++i) {
      const Texts found = world.found("code", {}, name(i));
      CHECK(found == Texts{fmt::format("the code of {} is {}", name(i), i * 7919)});
      CHECK(world.table.size() <= kBases + 2);
      CHECK(world.table.bytes() <= most);
    }
}
