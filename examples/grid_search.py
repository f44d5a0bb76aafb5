"""Search for good settings with scikit-learn: on all cores, or on a Dask cluster of this computer.

    python examples/grid_search.py
    python examples/grid_search.py --dask

It needs ``pip install "mnist_draw[sklearn]"``, with ``--dask`` also ``pip install distributed``.
Each candidate is trained in a process of its own. The cluster's parts talk to each other on
127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Iterator

import joblib
from sklearn.model_selection import GridSearchCV

from mnist_draw import MnistClassifier, load_data

GRID = {"network_name": ["layers:100", "layers:300/0.4"], "learning_rate": [0.0003, 0.003]}


def main() -> None:
    """Print how well each candidate reads pictures it was not trained on."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dask", action="store_true", help="search on a local Dask cluster")
    parser.add_argument("--pictures", type=int, default=6000, help="how many to learn from")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--quick", action="store_true", help="300 pictures, one epoch")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.pictures = 300
        chosen.epochs = 1

    X_train, y_train, _, _, X_test, y_test = load_data()
    pictures = X_train[: chosen.pictures].reshape(-1, 784)
    search = GridSearchCV(
        MnistClassifier(num_epochs=chosen.epochs),
        GRID,
        cv=3,
        n_jobs=chosen.processes,
    )
    with _cluster(chosen.processes) if chosen.dask else contextlib.nullcontext():
        search.fit(pictures, y_train[: chosen.pictures])
    results = search.cv_results_
    for settings, mean in zip(results["params"], results["mean_test_score"], strict=True):
        print(f"{mean:.2%}  {settings}")
    accuracy = search.score(X_test.reshape(-1, 784), y_test)
    print(f"The best, {search.best_params_}, reads {accuracy:.2%} of the test pictures.")


@contextlib.contextmanager
def _cluster(processes: int) -> Iterator[None]:
    """Let joblib's work be done by a Dask cluster while the block runs."""
    from dask.distributed import Client, LocalCluster

    with (
        LocalCluster(
            host="127.0.0.1",
            n_workers=processes,
            threads_per_worker=1,
            dashboard_address=None,
        ) as cluster,
        Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        yield


# The processes import this file, too.
if __name__ == "__main__":
    main()
