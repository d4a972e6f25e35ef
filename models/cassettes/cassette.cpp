#include "models/cassettes/cassette_client.h"
#include "models/provider.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::models {

namespace {

/// A model and the client that it alone speaks through.
struct Taped {
  Taped(std::string title, Tape tape, CassetteClient::Mode mode, net::HttpClient& http)
      : client(std::move(title), std::move(tape), mode, http) {}
  CassetteClient client;
  std::shared_ptr<Model> model;
};

Secrets secrets_of(const std::vector<ModelSettings>& entries, const Secrets& further) {
  Secrets secrets;
  secrets.add(further);
  for (const ModelSettings& each : entries) {
    secrets.add(each.api_key);
    for (const auto& [name, value] : each.extra_headers) secrets.add(value);
  }
  return secrets;
}

}  // namespace

Result<std::shared_ptr<Model>> make_cassette(const ModelSettings& settings, const ModelServices& services,
                                             const KnownModels& known) {
  if (settings.file.empty())
    return fail(ErrorCode::invalid, "`file` is missing: where the exchanges are kept");
  auto taped = std::ranges::find(known.settings, settings.tapes, &ModelSettings::name);
  if (taped == known.settings.end())
    return fail(ErrorCode::invalid,
                fmt::format("`model` names {}, which is no entry of `models`", settings.tapes));
  const ProviderFactory make = network_provider(taped->provider);
  if (!make)
    return fail(ErrorCode::invalid,
                fmt::format("`model` names {}, whose provider `{}` is not reached over HTTP", taped->name,
                            taped->provider));
  const bool replay = settings.mode == "replay";
  auto tape = Tape::open(settings.file, !replay, secrets_of(known.settings, services.secrets));
  if (!tape) return fail(std::move(tape.error()));
  auto whole = std::make_shared<Taped>(
      "cassette " + settings.name, std::move(*tape),
      replay ? CassetteClient::Mode::replay : CassetteClient::Mode::automatic, services.http);
  const ModelServices behind{.http = whole->client, .loop = services.loop, .rng = services.rng};
  ModelSettings entry = *taped;
  entry.name = settings.name;
  auto model = make(entry, behind, known);
  if (!model) return fail(std::move(model.error()));
  whole->model = std::move(*model);
  return std::shared_ptr<Model>(whole, whole->model.get());
}

}  // namespace troupe::models
