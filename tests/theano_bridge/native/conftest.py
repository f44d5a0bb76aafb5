"""A graph run with NumPy and natively, for every test of the native linker."""

import numpy as np
import pytest

from mnist_draw import theano_bridge

if theano_bridge.installed_theano():
    collect_ignore_glob = ["test_*.py", "*/test_*.py"]
else:
    import theano

    from mnist_draw.theano_bridge.native import linker

    @pytest.fixture
    def numpy_mode():
        """The straightforward graph; fused operations would run element by element in Python."""
        # Operations that hold a graph of their own compile it in the default mode.
        with theano.config.change_flags(linker="py"):
            yield theano.Mode(linker="py", optimizer="fast_run").excluding("fusion")

    @pytest.fixture
    def native():
        """The mode under test."""
        return theano.Mode(linker=linker.NativeLinker(), optimizer="fast_run")

    @pytest.fixture
    def left_over(monkeypatch):
        """Note every graph that the native linker could not run itself."""
        graphs = []
        interpret = linker.interpreted

        def noted(fgraph):
            graphs.append(fgraph)
            return interpret(fgraph)

        monkeypatch.setattr(linker, "interpreted", noted)
        return graphs

    @pytest.fixture
    def both(native, numpy_mode, left_over):
        """Return a check that NumPy and machine code agree, without the interpreter."""

        def check(inputs, outputs, values):
            expected = theano.function(inputs, outputs, mode=numpy_mode)(*values)
            function = theano.function(inputs, outputs, mode=native)
            results, again = function(*values), function(*values)
            if not isinstance(outputs, list):
                expected, results, again = [expected], [results], [again]
            for want, got, second in zip(expected, results, again, strict=True):
                assert got.shape == want.shape
                assert got.dtype == want.dtype
                scale = max(1.0, float(np.abs(want).max(initial=0)))
                np.testing.assert_allclose(got, want, rtol=2e-5, atol=3e-6 * scale)
                # A plan must not depend on what its memory held.
                np.testing.assert_array_equal(got, second)
            assert not left_over

        return check
