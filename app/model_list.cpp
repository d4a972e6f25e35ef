#include "app/model_list.h"

#include "models/builtin/utf8.h"
#include "models/embedders/hashed_text.h"
#include "models/endpoint.h"
#include "models/known/known_models.h"
#include "models/provider_facts.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::app {

namespace {

using Row = std::vector<std::string>;
using Verdict = models::Finding::Verdict;

// Columns as wide as their widest cell, two blanks apart; the last one as it is.
std::string table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], models::builtin::length(row[i]));
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - models::builtin::length(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string or_dash(std::string text) {
  return text.empty() ? "-" : text;
}

// A cassette can what the model can that it records.
models::Abilities abilities(const models::ModelSettings& model,
                            const config::Entries<models::ModelSettings>& all) {
  auto recorded = all.find(model.tapes);
  models::Abilities can =
      models::abilities_of(recorded == all.end() ? model.provider : recorded->second.provider);
  can.stream = can.stream && model.stream;
  return can;
}

std::vector<std::string> words(const models::Abilities& can) {
  std::vector<std::string> words;
  if (can.stream) words.emplace_back("stream");
  if (can.tools) words.emplace_back("tools");
  if (can.images) words.emplace_back("images");
  if (can.schema) words.emplace_back("schema");
  return words;
}

std::string price_of(const models::ModelSettings& model) {
  if (!model.price) return models::free_of_charge(model) ? "free" : "-";
  return fmt::format("{} / {}", model.price->input, model.price->output);
}

std::string count(int number) {
  return number > 0 ? fmt::format("{}", number) : "-";
}

int dimensions_of(const models::EmbedderSettings& entry) {
  return entry.provider == "builtin" ? static_cast<int>(models::HashedText::kDimensions) : entry.dimensions;
}

std::string place(const std::string& provider, const std::string& base_url) {
  return models::shown_url(models::base_of(provider, base_url));
}

std::string_view mark(Verdict verdict) {
  if (verdict == Verdict::works) return "✓";
  return verdict == Verdict::fails ? "✗" : "–";
}

}  // namespace

std::string address_of(const models::ModelSettings& settings) {
  return place(settings.provider, settings.base_url);
}
std::string address_of(const models::EmbedderSettings& settings) {
  return place(settings.provider, settings.base_url);
}

std::string as_text(const config::Entries<models::ModelSettings>& models,
                    const config::Entries<models::EmbedderSettings>& embeddings) {
  std::vector<Row> rows = {
      {"MODEL", "PROVIDER", "NAME", "CONTEXT", "PRICE", "CAN", "CACHE", "FALLBACK", "ADDRESS"}};
  for (const auto& [name, model] : models)
    rows.push_back({name, model.provider, or_dash(model.model), count(model.context), price_of(model),
                    or_dash(fmt::format("{}", fmt::join(words(abilities(model, models)), " "))),
                    model.cache.type == "none" ? "-" : model.cache.type,
                    or_dash(fmt::format("{}", fmt::join(model.fallback, " "))), or_dash(address_of(model))});
  std::string text = models.empty() ? "" : table(rows);
  if (embeddings.empty()) return text;
  rows = {{"EMBEDDER", "PROVIDER", "NAME", "DIMENSIONS", "BATCH", "ADDRESS"}};
  for (const auto& [name, entry] : embeddings)
    rows.push_back({name, entry.provider, or_dash(entry.model), count(dimensions_of(entry)),
                    count(entry.batch), or_dash(address_of(entry))});
  return text + (text.empty() ? "" : "\n") + table(rows);
}

Json as_json(const config::Entries<models::ModelSettings>& models,
             const config::Entries<models::EmbedderSettings>& embeddings) {
  Json all = {{"models", Json::array()}, {"embeddings", Json::array()}};
  for (const auto& [name, model] : models) {
    Json shown = {{"name", name}, {"provider", model.provider}};
    if (!model.model.empty()) shown["model"] = model.model;
    if (std::string address = address_of(model); !address.empty()) shown["address"] = address;
    if (model.context > 0) shown["context"] = model.context;
    if (model.price) {
      shown["price"] = {{"input", model.price->input}, {"output", model.price->output}};
      if (model.price->cached >= 0) shown["price"]["cached"] = model.price->cached;
    }
    if (model.cache.type != "none") shown["cache"] = model.cache.type;
    if (!model.fallback.empty()) shown["fallback"] = model.fallback;
    shown["can"] = words(abilities(model, models));
    all["models"].push_back(std::move(shown));
  }
  for (const auto& [name, entry] : embeddings) {
    Json shown = {{"name", name}, {"provider", entry.provider}};
    if (!entry.model.empty()) shown["model"] = entry.model;
    if (std::string address = address_of(entry); !address.empty()) shown["address"] = address;
    if (int dimensions = dimensions_of(entry); dimensions > 0) shown["dimensions"] = dimensions;
    if (entry.batch > 0) shown["batch"] = entry.batch;
    all["embeddings"].push_back(std::move(shown));
  }
  return all;
}

std::string as_text(const RemoteList& list) {
  std::string text = fmt::format("{}: ", fmt::join(list.entries, ", "));
  if (!list.models) return text + list.models.error().message + "\n";
  const auto& names = list.models->names;
  text += fmt::format("{} {} {} model{}\n", list.address, list.models->cut ? "has more than" : "has",
                      names.size(), names.size() == 1 ? "" : "s");
  for (const std::string& name : names) text += "  " + name + "\n";
  return text;
}

Json as_json(const RemoteList& list) {
  Json shown = {{"entries", list.entries}, {"address", list.address}};
  if (!list.models) {
    shown["error"] = list.models.error().message;
    return shown;
  }
  shown["models"] = list.models->names;
  if (list.models->cut) shown["cut"] = true;
  return shown;
}

std::string as_text(const TriedEntry& tried) {
  std::string text = fmt::format("{}.{} ({}", tried.section, tried.name, tried.provider);
  if (!tried.model.empty()) text += " " + tried.model;
  if (!tried.address.empty()) text += " at " + tried.address;
  text += ")\n";
  for (const models::Finding& finding : tried.findings)
    text += fmt::format("  {} {:<10} {}\n", mark(finding.verdict), finding.what, finding.note);
  return text;
}

Json as_json(const TriedEntry& tried) {
  Json shown = {{"section", tried.section}, {"name", tried.name}, {"provider", tried.provider}};
  if (!tried.model.empty()) shown["model"] = tried.model;
  if (!tried.address.empty()) shown["address"] = tried.address;
  shown["ok"] = models::all_work(tried.findings);
  shown["findings"] = Json::array();
  for (const models::Finding& finding : tried.findings)
    shown["findings"].push_back(
        {{"what", finding.what}, {"verdict", word(finding.verdict)}, {"note", finding.note}});
  return shown;
}

}  // namespace troupe::app
