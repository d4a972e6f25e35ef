#pragma once

#include "models/model.h"
#include "models/tape.h"

#include <memory>
#include <string>

namespace troupe::models {

/// A model that answers from a file of recorded exchanges, offline and byte for byte: the same pieces in the
/// same order, the same reply, usage or error. With a model to record, a request that the file does not have
/// goes to it, and what comes back is added. Loop thread only.
class Cassette final : public Model {
 public:
  /// `recorded` may be null: then the file is only played back.
  Cassette(std::string name, Tape tape, std::shared_ptr<Model> recorded);

  /// Errors: what was recorded; unavailable when there is no recording and no model to record, naming the
  /// first difference to the nearest; cancelled. A recording that cannot be written is the call's error
  /// (store): a cassette with holes would fail later, elsewhere.
  Task<Result<ModelReply>> complete(ModelRequest request, TokenSink& sink, CallContext& context) override;
  const std::string& name() const override { return name_; }

 private:
  static Result<ModelReply> play(const Exchange& exchange, TokenSink& sink);
  Task<Result<ModelReply>> record(Json normalized, ModelRequest request, TokenSink& sink,
                                  CallContext& context);

  std::string name_;
  Tape tape_;
  std::shared_ptr<Model> recorded_;
};

}  // namespace troupe::models
