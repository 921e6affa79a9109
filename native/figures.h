// Figures for JavaScript.
#pragma once

#include <napi.h>

#include <algorithm>
#include <vector>

namespace offloop {

// A Float64Array; undefined where the thread is being terminated.
inline Napi::Value Figures(Napi::Env env, const std::vector<double>& figures) {
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, figures.size() * sizeof(double));
  if (buffer.IsEmpty()) return env.Undefined();
  std::copy(figures.begin(), figures.end(), static_cast<double*>(buffer.Data()));
  return Napi::Float64Array::New(env, figures.size(), buffer, 0);
}

}  // namespace offloop
