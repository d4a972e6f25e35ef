#include "memory/knowledge/section.h"

#include "tests/fakes/read_section.h"

#include <string>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

IndexSettings index_of(const std::string& written) {
  const auto bases = fakes::read_section(knowledge_section(), "k: { index: " + written + " }\n");
  REQUIRE(bases.size() == 1);
  return bases.front().index;
}

}  // namespace

TEST_CASE("an index is a word, or a plugin's by its name, with the options that it is told") {
  CHECK_FALSE(index_of("auto").kind);
  CHECK(index_of("hnsw").kind == IndexKind::hnsw);
  CHECK(index_of("{ kind: flat, metric: l2 }").metric == Metric::l2);
  CHECK(index_of("hnsw").plugin.empty());

  const IndexSettings short_form = index_of("plugin/faiss");
  CHECK(short_form.plugin == "faiss");
  CHECK(short_form.kind == IndexKind::flat);
  CHECK(short_form.options == Json::object());

  const IndexSettings whole = index_of(
      "{ kind: plugin/faiss/lists, flat_vectors: 9, options: { factory: \"IVF256,PQ16\", nprobe: 8 } }");
  CHECK(whole.plugin == "faiss/lists");
  CHECK(whole.kind == IndexKind::flat);
  CHECK(whole.flat_vectors == 9);
  CHECK(whole.options == Json{{"factory", "IVF256,PQ16"}, {"nprobe", 8}});
}

TEST_CASE("what is shown of a plugin's index is read as the same again") {
  const auto section = knowledge_section();
  for (const std::string written : {"flat", "plugin/faiss", "{ kind: plugin/p/s, options: { a: [1, 2] } }"}) {
    CAPTURE(written);
    config::Entries<KnowledgeSettings> entries;
    entries["k"].name = "k";
    entries["k"].index = index_of(written);
    const std::string shown = dump(section->show(entries));
    const auto again = fakes::read_section(section, shown + "\n");
    REQUIRE(again.size() == 1);
    CHECK(again.front().index == entries["k"].index);
  }
}
