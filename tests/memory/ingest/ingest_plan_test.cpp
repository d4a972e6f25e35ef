#include "memory/knowledge/ingest/ingest_plan.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;
using What = IngestStep::What;
using models::tokens::EncodingName;

namespace {

const std::string kNow = preparation_of({}, {}, "e");
const std::string kOtherCut = preparation_of({.size = 7}, {}, "e");
const std::string kOtherReading = "0:" + kNow;

SourceItem file(std::string source, std::string stamp) {
  return {.source = std::move(source), .stamp = std::move(stamp)};
}

KnownDocuments base_of(std::vector<KnownDocument> documents) {
  KnownDocuments all;
  for (auto& document : documents) all.emplace(document.source, document);
  return all;
}

KnownDocument known(std::string source, std::string stamp, std::string preparation = kNow,
                    Origin origin = Origin::sources) {
  return {1, std::move(source), origin, {"c", std::move(preparation), std::move(stamp)}};
}

}  // namespace

TEST_CASE("what is done with a source depends on what the base knows of it") {
  struct Row {
    const char* says;
    SourceItem item;
    std::vector<KnownDocument> known;
    PlanRules rules;
    std::optional<What> what;
    Origin origin = Origin::sources;
  };
  const PlanRules mine{.preparation = kNow}, forced{.preparation = kNow, .force = true},
      hand{.preparation = kNow, .origin = Origin::added};
  const auto a = file("/a", "1");
  for (const Row& row :
       {Row{"new", a, {}, mine, What::read},
        {"as it was", a, {known("/a", "1")}, mine, {}},
        {"other stamp", a, {known("/a", "0")}, mine, What::read},
        {"no stamp in the base", a, {known("/a", "")}, mine, What::read},
        {"no stamp at all", file("/a", ""), {known("/a", "")}, mine, What::read},
        {"cut otherwise", a, {known("/a", "1", kOtherCut)}, mine, What::recut},
        {"its chunks were dropped",
         a,
         {known("/a", "1", kNow.substr(0, kNow.find(':') + 1))},
         mine,
         What::recut},
        {"read otherwise", a, {known("/a", "1", kOtherReading)}, mine, What::read},
        {"nothing known of its reading", a, {known("/a", "1", "")}, mine, What::read},
        {"cut otherwise and changed", a, {known("/a", "0", kOtherCut)}, mine, What::read},
        {"forced", a, {known("/a", "1")}, forced, What::read},
        {"a page", {.source = "http://x/", .is_url = true}, {known("http://x/", "")}, mine, What::read},
        {"added, now a source as well", a, {known("/a", "1", kNow, Origin::added)}, mine, {}},
        {"added and changed", a, {known("/a", "0", kNow, Origin::added)}, mine, What::read, Origin::added},
        {"a source, now added", a, {known("/a", "1")}, hand, What::claim, Origin::added},
        {"added again", a, {known("/a", "1", kNow, Origin::added)}, hand, {}},
        {"new by hand", a, {}, hand, What::read, Origin::added}}) {
    INFO(row.says);
    const auto plan = plan_ingest({.items = {row.item}}, base_of(row.known), row.rules);
    CHECK(plan.removed.empty());
    CHECK(plan.unchanged.size() == (row.what ? 0 : 1));
    REQUIRE(plan.steps.size() == (row.what ? 1 : 0));
    if (!row.what) continue;
    CHECK(plan.steps[0].what == *row.what);
    CHECK(plan.steps[0].origin == row.origin);
    CHECK(plan.steps[0].known.has_value() == !row.known.empty());
    CHECK(plan.steps[0].item == row.item);
  }
}

TEST_CASE("only what the sources brought is taken away, and only when it is known to be gone") {
  const auto base = base_of({known("/d/gone", "1"), known("/d/here", "1"), known("/locked/x", "1"),
                             known("/mine", "1", kNow, Origin::added), known("http://x/", "")});
  SourceList list{.items = {file("/d/here", "1")}, .unseen = {"/locked"}};
  const auto removed = [&](const PlanRules& rules) {
    std::vector<std::string> all;
    for (const auto& document : plan_ingest(list, base, rules).removed) all.push_back(document.source);
    return all;
  };
  CHECK(removed({.preparation = kNow}) == std::vector<std::string>{"/d/gone", "http://x/"});
  CHECK(removed({.preparation = kNow, .force = true}).size() == 2);
  CHECK(removed({.preparation = kNow, .origin = Origin::added}).empty());
  list.complete = false;
  CHECK(removed({.preparation = kNow}).empty());
}

TEST_CASE("a preparation tells how texts are cut and embedded, each by everything that matters") {
  const ChunkSettings plain;
  CHECK(preparation_of(plain, {}, "e") == kNow);
  for (const auto& other :
       {preparation_of({.by = "markdown"}, {}, "e"), preparation_of({.unit = "tokens"}, {}, "e"),
        preparation_of({.size = 501}, {}, "e"), preparation_of({.overlap = 99}, {}, "e"),
        preparation_of(plain, EncodingName::cl100k_base, "e"), preparation_of(plain, {}, "f"),
        preparation_of(plain, {}, "")}) {
    CHECK(other != kNow);
    CHECK(same_reading(other, kNow));
  }
  CHECK_FALSE(same_reading("", kNow));
  CHECK_FALSE(same_reading(":x", ":x"));
  CHECK_FALSE(same_reading(kOtherReading, kNow));
}
