import cProfile, pstats, time, pytest
from tests.properties.hunting import hunt, load_laboratory
@pytest.mark.django_db
def test_prof():
    load_laboratory()
    p = cProfile.Profile(); p.enable()
    t=time.time()
    print(hunt(12, 30), time.time()-t)
    p.disable(); pstats.Stats(p).sort_stats("tottime").print_stats(22)
    pstats.Stats(p).sort_stats("cumtime").print_stats("properties|oracle|verify|figures.py|post.py|history")
