#pragma once

#include "runtime/config/shape.h"

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace troupe::agents {

/// A key that fills one member of a struct within the settings (`retries` of a FailurePolicy). It is shown
/// where `shown` says so; without it always.
template <class Outer, class Inner>
class PartShape final : public config::Shape<Outer> {
 public:
  using Shown = std::function<bool(const Outer&)>;
  PartShape(Inner Outer::* at, config::ShapePtr<Inner> inner, Shown shown)
      : at_(at), inner_(std::move(inner)), shown_(std::move(shown)) {}

  void read(const config::Node& node, Outer& value, config::Reader& reader) const override {
    inner_->read(node, value.*at_, reader);
  }
  Json show(const Outer& value) const override {
    return !shown_ || shown_(value) ? inner_->show(value.*at_) : Json(nullptr);
  }
  Json schema() const override { return inner_->schema(); }

 private:
  Inner Outer::* at_;
  config::ShapePtr<Inner> inner_;
  Shown shown_;
};

template <class Outer, class Inner>
config::ShapePtr<Outer> part_of(Inner Outer::* at, config::ShapePtr<Inner> inner,
                                typename PartShape<Outer, Inner>::Shown shown = nullptr) {
  return std::make_shared<PartShape<Outer, Inner>>(at, std::move(inner), std::move(shown));
}

/// The same for a struct that is there once one of its keys is.
template <class Outer>
config::ShapePtr<std::optional<Outer>> optional_part(config::ShapePtr<Outer> part) {
  class Optional final : public config::Shape<std::optional<Outer>> {
   public:
    explicit Optional(config::ShapePtr<Outer> inner) : inner_(std::move(inner)) {}
    void read(const config::Node& node, std::optional<Outer>& value, config::Reader& reader) const override {
      if (!value) value.emplace();
      inner_->read(node, *value, reader);
    }
    Json show(const std::optional<Outer>& value) const override {
      return value ? inner_->show(*value) : Json(nullptr);
    }
    Json schema() const override { return inner_->schema(); }

   private:
    config::ShapePtr<Outer> inner_;
  };
  return std::make_shared<Optional>(std::move(part));
}

}  // namespace troupe::agents
