#include "memory/knowledge/section.h"

#include "memory/knowledge/chunkers/chunker.h"
#include "memory/knowledge/index/limits.h"
#include "memory/knowledge/search/limits.h"
#include "memory/knowledge/source_name.h"
#include "runtime/config/json_value.h"
#include "runtime/config/scalars.h"

#include <fmt/format.h>

namespace troupe::memory {

namespace {

using config::Check;
using config::Record;
using config::ShapePtr;
using namespace std::chrono_literals;

constexpr std::size_t kSourcesMax = 1'000;

/// A path, a folder, a pattern of paths, or a URL.
class PlaceShape final : public config::Shape<std::string> {
 public:
  void read(const config::Node& node, std::string& value, config::Reader& reader) const override {
    const bool page = node.kind == config::Node::Kind::scalar && is_url(node.text);
    (page ? line_ : path_)->read(node, value, reader);
  }
  Json show(const std::string& value) const override { return line_->show(value); }
  Json schema() const override { return line_->schema(); }

 private:
  ShapePtr<std::string> line_ = config::line({.expected = "a path, a pattern or a URL"});
  ShapePtr<std::string> path_ = config::path();
};

/// One of them, or one of them with who reads it.
class SourceShape final : public config::Shape<Source> {
 public:
  void read(const config::Node& node, Source& value, config::Reader& reader) const override {
    if (node.kind == config::Node::Kind::map) return whole_.read(node, value, reader);
    place_->read(node, value.path, reader);
  }
  Json show(const Source& value) const override {
    return value.plugin.empty() ? place_->show(value.path) : whole_.show(value);
  }
  Json schema() const override { return {{"anyOf", Json::array({place_->schema(), whole_.schema()})}}; }

 private:
  static Record<Source> read_by_plugin() {
    Record<Source> source("Documents that a plugin reads");
    source
        .field<std::string>("path", &Source::path, std::make_shared<PlaceShape>(),
                            "a file, a folder, a pattern or a URL")
        .required();
    source
        .field("plugin", &Source::plugin, config::reference("plugins", "plugin"),
               "the name of an entry of `plugins`, one of whose loaders reads them, whatever their format")
        .required();
    source.field("loader", &Source::loader, config::line({.expected = "the name of a loader"}),
                 "which of the loaders of `plugin`, where it has several");
    source.advise("url", "URLs stand in `path`, too");
    source.advise("reader", "it is called `plugin`");
    return source;
  }

  ShapePtr<std::string> place_ = std::make_shared<PlaceShape>();
  Record<Source> whole_ = read_by_plugin();
};

class FilterShape final : public config::Shape<Filter> {
 public:
  void read(const config::Node& node, Filter& value, config::Reader& reader) const override {
    Json written;
    const std::size_t errors = reader.errors();
    json_->read(node, written, reader);
    if (reader.errors() != errors) return;
    auto filter = Filter::parse(written);
    if (filter)
      value = std::move(*filter);
    else
      reader.error(node.place, filter.error().message);
  }
  Json show(const Filter& value) const override { return value.written(); }
  Json schema() const override { return json_->schema(); }

 private:
  ShapePtr<Json> json_ = config::json_object("a filter, such as { year: { gte: 2020 } }");
};

ShapePtr<Filter> filter_shape() {
  return std::make_shared<FilterShape>();
}

ShapePtr<SearchMode> modes() {
  return config::one_of<SearchMode>({{{"similarity", "the nearest vectors"},
                                      {"keyword", "the best matches of words (BM25)"},
                                      {"hybrid", "both, fused"},
                                      {"mmr", "near the query and unlike each other"},
                                      {"threshold", "the nearest that are near enough"}},
                                     {}},
                                    {SearchMode::similarity, SearchMode::keyword, SearchMode::hybrid,
                                     SearchMode::mmr, SearchMode::threshold});
}

ShapePtr<std::size_t> count(std::size_t least, std::size_t most) {
  return config::integer<std::size_t>(static_cast<std::int64_t>(least), static_cast<std::int64_t>(most));
}

Record<ChunkSettings> chunk_section() {
  Record<ChunkSettings> chunk("How documents are cut into pieces");
  config::Words by{{{"recursive", "at paragraphs, else lines, sentences, words"},
                    {"markdown", "at headings and blocks of Markdown"},
                    {"sentence", "whole sentences"},
                    {"tokens", "as long as may be, wherever that ends"}},
                   {}};
  chunk.field("by", &ChunkSettings::by, config::one_of(by), "where pieces end");
  chunk.field(
      "unit", &ChunkSettings::unit,
      config::one_of({{{"characters", "code points"}, {"tokens", "of an OpenAI model (cl100k_base)"}}, {}}),
      "of size and overlap");
  chunk.field("size", &ChunkSettings::size, count(1, kChunkSizeMax), "no piece is longer");
  chunk.field("overlap", &ChunkSettings::overlap, count(0, kChunkSizeMax),
              "at most so much of a piece's end begins the next one");
  chunk.advise("chunk_size", "it is called `size`");
  chunk.advise("chunk_overlap", "it is called `overlap`");
  chunk.advise("separators", "`by` says where pieces end");
  chunk.check([](const ChunkSettings& settings, Check& check) {
    if (auto good = check_chunking(settings); !good) check.error("", good.error().message);
  });
  return chunk;
}

Record<IndexSettings> index_record() {
  Record<IndexSettings> index("How vectors are searched");
  index.field(
      "kind", &IndexSettings::kind,
      config::one_of<std::optional<IndexKind>>({{{"auto", "flat while there are few vectors, then hnsw"},
                                                 {"flat", "compares with every vector: exact"},
                                                 {"hnsw", "walks a graph: fast where there are many"}},
                                                {}},
                                               {std::nullopt, IndexKind::flat, IndexKind::hnsw}),
      "which index; `plugin/NAME` or `plugin/NAME/SERVICE` is one of a plugin");
  index.field(
      "metric", &IndexSettings::metric,
      config::one_of<Metric>(
          {{{"cosine", "the angle"}, {"inner_product", "angle and length"}, {"l2", "the distance"}}, {}},
          {Metric::cosine, Metric::inner_product, Metric::l2}),
      "what near means");
  index.field("flat_vectors", &IndexSettings::flat_vectors, count(1, limits::kIndexVectors),
              "with `auto` and a plugin: up to how many vectors the index is flat");
  Record<HnswSettings> hnsw("How the graph of hnsw is made and searched");
  hnsw.field("m", &HnswSettings::m, count(limits::kHnswLinksMin, limits::kHnswLinks),
             "links of a vector: more find better and cost memory");
  hnsw.field("ef_construction", &HnswSettings::ef_construction,
             count(limits::kHnswLinksMin, limits::kHnswConstruction),
             "neighbours looked at for each vector put in: more find better and build slower");
  hnsw.field("ef", &HnswSettings::ef, count(1, limits::kHnswSearch),
             "neighbours that a search keeps in view: more find better and slower");
  hnsw.check([](const HnswSettings& settings, Check& check) {
    if (auto good = memory::check(settings); !good) check.error("", good.error().message);
  });
  index.field("hnsw", &IndexSettings::hnsw, config::shape(std::move(hnsw)),
              "how the graph is made and searched");
  index.field("options", &IndexSettings::options, config::json_object("what the plugin is told"),
              "with a plugin: what it is told, as its own schema has it");
  index.advise("type", "it is called `kind`");
  index.advise("distance", "it is called `metric`");
  index.advise("factory", "it is `options: { factory: … }`, for a plugin that takes it");
  index.check([](const IndexSettings& settings, Check& check) {
    if (settings.plugin.empty() && !settings.options.empty())
      check.error("options", "only an index of a plugin takes them: `kind: plugin/NAME`");
  });
  return index;
}

constexpr std::string_view kPlugin = "plugin/";

/// `index: flat` for `index: { kind: flat }`, and `plugin/NAME` or `plugin/NAME/SERVICE` for a kind.
class IndexShape final : public config::Shape<IndexSettings> {
 public:
  void read(const config::Node& node, IndexSettings& value, config::Reader& reader) const override {
    config::Node whole = node;
    if (node.kind == config::Node::Kind::scalar) {
      whole = {.kind = config::Node::Kind::map, .place = node.place};
      whole.members.push_back({"kind", node.place, node});
    }
    value.plugin.clear();
    for (config::Member& member : whole.members)
      if (member.key == "kind" && member.value.kind == config::Node::Kind::scalar)
        read_kind(member.value, value, reader);
    record_.read(whole, value, reader);
  }
  Json show(const IndexSettings& value) const override {
    Json shown = record_.show(value);
    if (!value.plugin.empty()) shown["kind"] = std::string(kPlugin) + value.plugin;
    return shown;
  }
  Json schema() const override {
    Json whole = record_.schema();
    const Json kind = whole.at("properties").at("kind");
    const Json of_plugin = {{"type", "string"},
                            {"pattern", "^plugin/[^/]+(/[^/]+)?$"},
                            {"description", "of a plugin: plugin/NAME, or plugin/NAME/SERVICE"}};
    Json either = Json::object();
    either["anyOf"] = Json::array({kind, of_plugin});
    for (const char* key : {"description", "default"})
      if (const Json* value = find(kind, key)) either[key] = *value;
    whole["properties"]["kind"] = std::move(either);
    return {{"anyOf", {kind, of_plugin, whole}}};
  }

 private:
  // Leaves what the record understands.
  void read_kind(config::Node& kind, IndexSettings& value, config::Reader& reader) const {
    if (kind.text.starts_with(kPlugin)) {
      config::Node plugin = kind;
      plugin.text.erase(0, kPlugin.size());
      plugin_->read(plugin, value.plugin, reader);
      kind.text = "flat";  // which it is in this process
    } else if (!kind.text.contains("${") && kind.text != "auto" && kind.text != "flat" &&
               kind.text != "hnsw") {
      reader.error(kind.place, fmt::format("expected one of auto, flat, hnsw, or plugin/NAME for an index of "
                                           "a plugin, got `{}`",
                                           kind.text));
      kind.text = "auto";
    }
  }

  Record<IndexSettings> record_ = index_record();
  ShapePtr<std::string> plugin_ = config::part_reference("plugins", "plugin");
};

ShapePtr<IndexSettings> index_shape() {
  return std::make_shared<IndexShape>();
}

Record<SearchSettings::Hybrid> hybrid_section() {
  using Hybrid = SearchSettings::Hybrid;
  Record<Hybrid> hybrid("How two lists become one");
  hybrid.field("fusion", &Hybrid::fusion,
               config::one_of<Hybrid::Fusion>(
                   {{{"rrf", "by ranks (reciprocal rank fusion)"}, {"weighted", "by normalised scores"}}, {}},
                   {Hybrid::Fusion::rrf, Hybrid::Fusion::weighted}),
               "by ranks or by scores");
  hybrid.field("rrf_k", &Hybrid::rrf_k, config::number(0, 1e6),
               "of rrf: the larger, the less first places count");
  hybrid.field(
      "normalise", &Hybrid::normalise,
      config::one_of<Normalisation>({{{"min_max", "from 0 to 1"}, {"z", "by mean and deviation"}}, {}},
                                    {Normalisation::min_max, Normalisation::z}),
      "of weighted: how scores become comparable");
  Record<Hybrid> weights("How much each list counts");
  weights.field("similarity", &Hybrid::similarity_weight, config::maybe(config::number(0, 1e6)),
                "the list by vectors; without it 1, of the builtin embedder 0.2");
  weights.field("keyword", &Hybrid::keyword_weight, config::number(0, 1e6), "the list by words");
  hybrid.group("weights", std::move(weights));
  return hybrid;
}

Record<SearchSettings::Rerank> rerank_section() {
  using Rerank = SearchSettings::Rerank;
  Record<Rerank> rerank("A model puts what was found in order");
  rerank.field("model", &Rerank::model, config::reference("models", "model"), "which model is asked")
      .required();
  rerank.field("top_n", &Rerank::top_n, count(1, limits::kSearchHits), "how many stay; without it `k`")
      .without_default();
  return rerank;
}

Record<SearchSettings::Compress> compress_section() {
  using Compress = SearchSettings::Compress;
  Record<Compress> compress("Only the sentences that matter stay");
  compress.field(
      "by", &Compress::by,
      config::one_of<Compress::By>({{{"none", "whole passages"},
                                     {"extractive", "by the words they share with the query"},
                                     {"model", "as a model says"}},
                                    {}},
                                   {Compress::By::none, Compress::By::extractive, Compress::By::model}),
      "who chooses them");
  compress.field("model", &Compress::model, config::reference("models", "model"), "by model: which");
  compress.field("sentences", &Compress::sentences, count(1, limits::kKeptSentences), "of each hit, at most");
  compress.field("embeddings", &Compress::embeddings, config::boolean(),
                 "extractive: the sentences' vectors count, too; costs an embedding of all");
  return compress;
}

Record<SearchSettings::Expand> expand_section() {
  using Expand = SearchSettings::Expand;
  Record<Expand> expand("More of the document around what was found");
  expand.field("neighbours", &Expand::neighbours, count(0, limits::kExpandNeighbours), "chunks on each side");
  expand.field("parent", &Expand::parent, config::boolean(),
               "the document, or as much of it around the hit as `characters` allow");
  expand.field("characters", &Expand::characters, count(1, limits::kParentCharacters), "of parent, at most");
  expand.advise("neighbors", "it is spelled `neighbours`");
  return expand;
}

Record<SearchSettings> search_section() {
  Record<SearchSettings> search("How it is searched, where a search does not say otherwise");
  search.field("mode", &SearchSettings::mode, modes(), "what is looked for");
  search.field("k", &SearchSettings::k, count(1, limits::kSearchHits), "how many hits");
  search.field("fetch_k", &SearchSettings::fetch_k, count(1, limits::kSearchCandidates),
               "candidates that mmr, hybrid and rerank choose from");
  search.field("lambda", &SearchSettings::lambda, config::number(0, 1),
               "mmr: 1 is relevance only, 0 difference only");
  search
      .field("min_score", &SearchSettings::min_score, config::maybe(config::number(-1, 1)),
             "threshold: the least cosine similarity")
      .without_default();
  search.field("filter", &SearchSettings::filter, filter_shape(),
               "only what has this metadata, such as `{ year: { gte: 2020 }, lang: ko }`");
  search.field("document", &SearchSettings::document, config::line({.expected = "a document"}),
               "only this one, by its path or URL");
  search.field("hybrid", &SearchSettings::hybrid, config::shape(hybrid_section()),
               "how hybrid fuses its lists");
  search
      .field("rerank", &SearchSettings::rerank, config::shape(rerank_section()),
             "a model puts what was found in order")
      .without_default();
  search.field("compress", &SearchSettings::compress, config::shape(compress_section()),
               "only the sentences that matter stay");
  search.field("expand", &SearchSettings::expand, config::shape(expand_section()),
               "more of the document around what was found");
  search.advise("top_k", "it is called `k`");
  search.advise("lambda_mult", "it is called `lambda`");
  search.advise("score_threshold", "it is `mode: threshold` with `min_score`");
  search.advise("search_type", "it is called `mode`");
  search.check([](const SearchSettings& settings, Check& check) {
    for (const SettingsProblem& problem : settings.check()) check.error(problem.field, problem.text);
  });
  return search;
}

Record<IngestLimits> limits_section() {
  Record<IngestLimits> limits("What is taken in at most");
  limits.field("files", &IngestLimits::files, count(1, 10'000'000), "documents");
  limits.field("file", &IngestLimits::file, config::bytes(1, 1u << 30),
               "one file; a larger one is passed over with a warning");
  limits.field("read_time", &IngestLimits::read_time, config::duration(100ms, 1h), "for reading one");
  limits.field("memory", &IngestLimits::memory, config::bytes(64u << 20, std::size_t{16} << 30),
               "memory of the process that reads one");
  return limits;
}

Record<KnowledgeSettings> base() {
  Record<KnowledgeSettings> base("Documents that are searched");
  base.field("description", &KnowledgeSettings::description, config::text({.bytes_max = 1024}),
             "what is in it, for people and for models that search it");
  base.field("sources", &KnowledgeSettings::sources,
             config::list_of<Source>(std::make_shared<SourceShape>(), "a list of paths, patterns and URLs",
                                     kSourcesMax),
             "files, folders, patterns of `*`, `**`, `?` and `[…]`, URLs; `{ path: …, plugin: … }` where a "
             "plugin reads them");
  base.field("chunk", &KnowledgeSettings::chunk, config::shape(chunk_section()),
             "how documents are cut into pieces");
  base.field("embedding", &KnowledgeSettings::embedding, config::reference("embeddings", "embedder"),
             "an entry of `embeddings`; without it `default`, and without that the built-in one");
  base.field("index", &KnowledgeSettings::index, index_shape(), "how vectors are searched");
  base.field("search", &KnowledgeSettings::search, config::shape(search_section()),
             "how it is searched, where a search does not say otherwise");
  base.field("limits", &KnowledgeSettings::limits, config::shape(limits_section()),
             "what is taken in at most");
  base.advise("files", "it is called `sources`");
  base.advise("path", "it is `sources: [ … ]`");
  base.advise("urls", "URLs stand in `sources`, too");
  base.advise("chunk_size", "it is `chunk: { size: … }`");
  base.advise("chunk_overlap", "it is `chunk: { overlap: … }`");
  base.advise("embedder", "it is called `embedding`");
  base.advise("embeddings", "it is `embedding`, the name of an entry of the section `embeddings`");
  base.advise("top_k", "it is `search: { k: … }`");
  base.advise("retriever", "it is called `search`");
  return base;
}

}  // namespace

ShapePtr<config::Entries<KnowledgeSettings>> knowledge_section() {
  return config::entries_of<KnowledgeSettings>(config::shape(base()), &KnowledgeSettings::name,
                                               "knowledge base", "knowledge");
}

Record<SearchOverrides> overrides_section() {
  Record<SearchOverrides> search("What a search asks for otherwise than its base says");
  search.field("mode", &SearchOverrides::mode, config::maybe(modes()), "what is looked for");
  search.field("k", &SearchOverrides::k, config::maybe(count(1, limits::kSearchHits)), "how many hits");
  search.field("fetch_k", &SearchOverrides::fetch_k, config::maybe(count(1, limits::kSearchCandidates)),
               "candidates that mmr, hybrid and rerank choose from");
  search.field("lambda", &SearchOverrides::lambda, config::maybe(config::number(0, 1)),
               "mmr: 1 is relevance only, 0 difference only");
  search.field("min_score", &SearchOverrides::min_score, config::maybe(config::number(-1, 1)),
               "threshold: the least cosine similarity");
  search.field("filter", &SearchOverrides::filter, filter_shape(),
               "only what has this metadata, beside what the base filters");
  search.field("document", &SearchOverrides::document, config::line({.expected = "a document"}),
               "only this one, by its path or URL");
  search.advise("top_k", "it is called `k`");
  return search;
}

}  // namespace troupe::memory
